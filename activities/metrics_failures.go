package activities

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/temporal"
)

// FailureReasons lists every value that FailureReason returns: those of
// Classify, and those with which a channel's new settings are refused.
func FailureReasons() []string {
	return []string{
		string(ReasonStoreCredentials), string(ReasonStorePermission), string(ReasonStoreNotFound), string(ReasonStoreRefused),
		string(ReasonStoreRateLimited), string(ReasonStoreUnavailable), string(ReasonStoreMalformed),
		string(ReasonDownstreamCredentials), string(ReasonDownstreamPermission), string(ReasonDownstreamRefused),
		string(ReasonDownstreamRateLimited), string(ReasonDownstreamInUse), string(ReasonDownstreamUnavailable),
		string(ReasonDownstreamMalformed), string(ReasonDownstreamMisconfigured),
		string(ReasonSealed), string(ReasonKeeperUnavailable), string(ReasonUnknownChannel), string(ReasonInternal),
		ErrTypeInvalidSettings, ErrTypeStoreProbe, ErrTypeDownstreamProbe, ErrTypeConnectionTaken,
	}
}

// FailureReason returns the reason for which an activity failed, as the label of
// a metric: the list is closed, whatever the error says of itself.
func FailureReason(err error) string {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return string(Classify(err).Reason)
	}
	if slices.Contains(FailureReasons(), app.Type()) {
		return app.Type()
	}
	return string(ReasonInternal)
}
