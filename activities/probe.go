package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Types of the errors with which CheckChannel refuses a channel.
const (
	// ErrTypeStoreProbe: BigCommerce cannot be used with these settings.
	ErrTypeStoreProbe = "store_probe_failed"
	// ErrTypeDownstreamProbe: the downstream system cannot be used.
	ErrTypeDownstreamProbe = "downstream_probe_failed"
	// ErrTypeInvalidSettings: the settings are wrong.
	ErrTypeInvalidSettings = "invalid_settings"
)

// CheckChannel tries a channel before it is saved: the store's credentials,
// the downstream system's, and whether the selected statuses exist there. It
// says which of them failed and how; none of that is repeated, because a
// person waits for the answer.
func (a *Activities) CheckChannel(ctx context.Context, channel channels.Channel) error {
	conn, err := a.connections.open(ctx, channel)
	if settings := settingErrors(err); len(settings) > 0 {
		return refuse(ErrTypeInvalidSettings, errors.Join(settings...))
	}
	if err != nil {
		return refuse(ErrTypeInvalidSettings, err)
	}
	var problems []error
	if _, err := conn.store.Time(ctx); err != nil {
		problems = append(problems, refuse(ErrTypeStoreProbe, sayWhy(channel.ID, "the store", err)))
	}
	statuses, err := conn.adapter.Statuses(ctx)
	if err == nil {
		err = conn.adapter.Probe(ctx)
	}
	if err != nil {
		problems = append(problems, refuse(ErrTypeDownstreamProbe, sayWhy(channel.ID, "the downstream system", err)))
	} else if err := channel.Settings.ValidateStatuses(statuses); err != nil {
		problems = append(problems, refuse(ErrTypeInvalidSettings, err))
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return problems[0]
	default:
		return refuse(ErrTypeInvalidSettings, errors.Join(problems...))
	}
}

// settingErrors returns the mistakes in single fields that an adapter found in
// its configuration.
func settingErrors(err error) []error {
	if setting, ok := err.(downstream.SettingError); ok { //nolint:errorlint // this walks the tree itself
		return []error{setting}
	}
	var all []error
	switch wrapper := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			all = append(all, settingErrors(inner)...)
		}
	case interface{ Unwrap() error }:
		return settingErrors(wrapper.Unwrap())
	}
	return all
}

// sayWhy begins the error of a side that was tried with what it comes to. The
// channel is named by whoever passes it on.
func sayWhy(channel, side string, err error) error {
	text := strings.TrimPrefix(err.Error(), "channel "+channel+": ")
	return fmt.Errorf("%s %s: %s", side, comesTo(Classify(err).Reason), text)
}

// comesTo says in words what the reason of a failed call means.
func comesTo(reason Reason) string {
	switch reason {
	case ReasonStoreCredentials, ReasonDownstreamCredentials:
		return "refused the credentials"
	case ReasonStorePermission, ReasonDownstreamPermission:
		return "refused the request for want of a permission"
	case ReasonStoreNotFound, ReasonStoreRefused, ReasonDownstreamRefused:
		return "refused the request"
	case ReasonStoreRateLimited, ReasonDownstreamRateLimited:
		return "takes no more requests at the moment"
	case ReasonStoreMalformed, ReasonDownstreamMalformed:
		return "gave an answer that makes no sense"
	case ReasonDownstreamMisconfigured:
		return "is not at the address, or not as it is configured"
	default:
		return "is out of reach"
	}
}

func refuse(kind string, err error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), kind, temporal.ApplicationErrorOptions{
		NonRetryable: true,
		Category:     temporal.ApplicationErrorCategoryBenign,
	})
}
