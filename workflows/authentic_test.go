package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestOrderWebhookSignature(t *testing.T) {
	t.Parallel()
	signed := &activities.SignedCallback{Channel: "main", ID: "1", Timestamp: "2", Signature: "v1,x", Body: "{}"}
	for name, c := range map[string]struct {
		mode      channels.SignatureMode
		noSecret  bool
		signed    *activities.SignedCallback
		found     bool
		result    activities.SignatureResult
		err       error
		checked   int
		rejected  bool
		signature string
	}{
		"off":                            {mode: channels.SignatureOff, signed: signed, result: activities.SignatureInvalid},
		"observed, valid":                {mode: channels.SignatureObserve, signed: signed, result: activities.SignatureValid, checked: 1, signature: "valid"},
		"observed, invalid":              {mode: channels.SignatureObserve, signed: signed, result: activities.SignatureInvalid, checked: 1, signature: "invalid"},
		"observed, missing":              {mode: channels.SignatureObserve, signature: "missing"},
		"observed, cannot be checked":    {mode: channels.SignatureObserve, signed: signed, err: errors.New("away"), checked: 1},
		"observed, no client secret":     {mode: channels.SignatureObserve, noSecret: true, signed: signed},
		"required, valid":                {mode: channels.SignatureRequire, signed: signed, result: activities.SignatureValid, checked: 1, signature: "valid"},
		"required, invalid":              {mode: channels.SignatureRequire, signed: signed, result: activities.SignatureInvalid, checked: 1, rejected: true, signature: "invalid"},
		"required, missing":              {mode: channels.SignatureRequire, rejected: true, signature: "missing"},
		"required, found in the store":   {mode: channels.SignatureRequire, found: true},
		"settings from before there was": {mode: "", signed: signed, result: activities.SignatureInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOrderWorld(t)
			w.willApply(nil)
			w.channel.Settings.Signature, w.channel.CanVerify = c.mode, !c.noSecret
			w.input.Signed, w.input.Found = c.signed, c.found
			checked := 0
			w.env.OnActivity(acts.CheckSignature, mock.Anything, mock.Anything).Maybe().Return(
				func(context.Context, activities.SignedCallback) (activities.SignatureResult, error) {
					checked++
					return c.result, c.err
				})
			result := w.run(t)
			require.Equal(t, c.checked, checked)
			require.Equal(t, c.signature, result.Signature)
			if c.rejected {
				require.Equal(t, workflows.OutcomeRejected, result.Outcome)
				require.Equal(t, workflows.ReasonBadSignature, result.Reason)
				require.Empty(t, w.applied)
				return
			}
			require.Equal(t, workflows.OutcomeCancelled, result.Outcome)
		})
	}
}

// TestOrderWebhookSignatureIsCheckedInTheEnd shows that a required signature
// that could not be checked at once is not taken for an invalid one.
func TestOrderWebhookSignatureIsCheckedInTheEnd(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	w.channel.Settings.Signature, w.channel.CanVerify = channels.SignatureRequire, true
	w.input.Signed = &activities.SignedCallback{Channel: "main"}
	tries := 0
	w.env.OnActivity(acts.CheckSignature, mock.Anything, mock.Anything).Return(
		func(context.Context, activities.SignedCallback) (activities.SignatureResult, error) {
			if tries++; tries < 4 {
				return "", errors.New("away")
			}
			return activities.SignatureValid, nil
		})
	require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
	require.Equal(t, 4, tries)
}

func TestOrderWebhookRetiredSecret(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]workflows.Outcome{
		1: workflows.OutcomeRejected, 2: workflows.OutcomeCancelled, 3: workflows.OutcomeCancelled,
	} {
		w := newOrderWorld(t)
		w.willApply(nil)
		w.channel.SecretFloor, w.input.SecretVersion = 2, version
		result := w.run(t)
		require.Equal(t, want, result.Outcome, "version %d", version)
		if want == workflows.OutcomeRejected {
			require.Equal(t, workflows.ReasonRetiredSecret, result.Reason)
		}
	}
}

// TestOrderWebhookIsTakenOnce shows that a callback which was taken stays so
// while it waits: what is retired meanwhile is for those that come later.
func TestOrderWebhookIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	w.input.SecretVersion = 1
	w.setDownstream("Unprocessed", downstream.PhaseUnprocessed, "v1")
	w.env.RegisterDelayedCallback(func() {
		w.channel.SecretFloor, w.channel.CanVerify, w.channel.Settings.Signature = 2, true, channels.SignatureRequire
		w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v2")
	}, time.Minute)
	require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
}
