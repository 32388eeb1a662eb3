package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// CheckRules looks whether the settings let webhooks have an effect: statuses
// are selected, exist downstream and can be changed, and some status in
// BigCommerce asks for what they are selected for.
func (a *Activities) CheckRules(ctx context.Context, request CheckRequest) (CheckStep, error) {
	var settings *channels.Settings
	var statuses []downstream.Status
	err := a.with(ctx, request.Channel, func(channel channels.Channel) error {
		complete := channel.Settings.WithDefaults()
		settings = &complete
		adapter, err := a.connections.Downstream(ctx, channel)
		if err == nil {
			statuses, err = adapter.Statuses(ctx)
		}
		return err
	})
	if settings == nil || errors.Is(err, context.Canceled) {
		return judge(ctx, CheckStepRules, err) // the channel itself could not be read
	}
	result := effects(*settings)
	if err != nil {
		result.Detail += " Whether the selected statuses exist downstream could not be looked up."
	} else if wrong := selected(*settings, statuses); wrong.Result != CheckOK {
		result = wrong
	}
	return result, nil
}

// selected says whether the selected statuses exist and can be changed.
func selected(settings channels.Settings, known []downstream.Status) CheckStep {
	err := settings.ValidateStatuses(known)
	if err == nil {
		return fine(CheckStepRules, "")
	}
	wrong := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	return step(CheckStepRules, CheckFailed, sentence(wrong), "Select others: `orderbridge channels set`.")
}

// effects says what the settings let webhooks do.
func effects(s channels.Settings) CheckStep {
	if !s.WantsAny() {
		return step(CheckStepRules, CheckWarning, "No status is selected, neither for cancellation nor for fulfillment: nothing will ever happen.",
			"Select the downstream statuses in which an order may be cancelled or fulfilled: `orderbridge channels set`.")
	}
	result := CheckStep{Name: CheckStepRules, Result: CheckOK}
	var sentences, advice []string
	for _, rule := range []struct {
		does, field string
		statuses    []string
		asked       int
	}{
		{"cancelled", "settings.cancel_on", s.ValidCancellationStatuses, len(s.CancelOn)},
		{"fulfilled", "settings.fulfill_on", s.ValidFulfillmentStatuses, len(s.FulfillOn)},
	} {
		switch {
		case len(rule.statuses) == 0:
			sentences = append(sentences, fmt.Sprintf("No order is ever %s.", rule.does))
		case rule.asked == 0:
			result.Result = CheckWarning
			sentences = append(sentences, fmt.Sprintf("Orders may be %s in %s, but no status in BigCommerce asks for it.",
				rule.does, strings.Join(rule.statuses, ", ")))
			advice = append(advice, fmt.Sprintf("Set %s, or select no status for it.", rule.field))
		default:
			sentences = append(sentences, fmt.Sprintf("Orders are %s in %s.", rule.does, strings.Join(rule.statuses, ", ")))
		}
	}
	result.Detail, result.Advice = strings.Join(sentences, " "), strings.Join(advice, " ")
	return result
}
