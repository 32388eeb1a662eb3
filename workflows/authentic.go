package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// authentic rules on what the ingress leaves open, because it looks nothing up:
// whether the version of the callback's secret still counts, and its signature.
// It returns ActionApply when the callback may have an effect.
func (w *orderWebhook) authentic(ctx workflow.Context) (Decision, error) {
	if w.in.Found || w.authenticated {
		// Nobody sent it, or it was taken for good: what is retired or required
		// later is for the callbacks that come later.
		return Decision{Action: ActionApply}, nil
	}
	decision, err := w.authenticate(ctx)
	w.authenticated = err == nil && decision.Action == ActionApply
	return decision, err
}

func (w *orderWebhook) authenticate(ctx workflow.Context) (Decision, error) {
	if w.in.SecretVersion < w.channel.SecretFloor {
		return stop(OutcomeRejected, ReasonRetiredSecret), nil
	}
	mode := w.channel.Settings.Signature
	if mode != channels.SignatureObserve && mode != channels.SignatureRequire || !w.channel.CanVerify {
		return Decision{Action: ActionApply}, nil
	}
	var err error
	w.signature, err = w.checkSignature(ctx, mode == channels.SignatureRequire)
	if err != nil {
		return Decision{}, err
	}
	if mode == channels.SignatureRequire && w.signature != activities.SignatureValid {
		return stop(OutcomeRejected, ReasonBadSignature), nil
	}
	return Decision{Action: ActionApply}, nil
}

func (w *orderWebhook) checkSignature(ctx workflow.Context, required bool) (activities.SignatureResult, error) {
	if w.in.Signed == nil {
		return activities.SignatureMissing, nil
	}
	if required {
		result, _, err := call[activities.SignatureResult](ctx, w.step(TaskQueue, "check the signature"), acts.CheckSignature, *w.in.Signed)
		return result, err
	}
	// Observing must not hold anything up: one try, and nothing depends on it.
	var result activities.SignatureResult
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: localTimeout, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, Summary: "observe the signature",
	})
	err := workflow.ExecuteLocalActivity(local, acts.CheckSignature, *w.in.Signed).Get(ctx, &result)
	if temporal.IsCanceledError(err) {
		return "", err
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("signature not checked", "channel", w.in.Channel, "order", w.in.OrderID, "error", err)
	}
	return result, nil
}

// distrust says why a callback that carries a valid secret had no effect.
func (w *orderWebhook) distrust(reason Reason) string {
	if reason == ReasonRetiredSecret {
		return fmt.Sprintf("the callback carries version %d of the channel's secret, which was retired: versions from %d on are taken",
			w.in.SecretVersion, w.channel.SecretFloor)
	}
	return fmt.Sprintf("channel %s requires a valid signature, and that of the callback is %s: "+
		"check the client secret of the channel, or set its signature mode to observe", w.in.Channel, w.signature)
}
