package operator_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/workflows"
)

func asError(t *testing.T, err error) *operator.Error {
	t.Helper()
	e, ok := errors.AsType[*operator.Error](err)
	require.True(t, ok, "%T: %v", err, err)
	return e
}

// refusal is an error as workflows and activities send it.
func refusal(kind, message string) error {
	return temporal.NewNonRetryableApplicationError(message, kind, nil)
}

func TestErrorsAreForPeople(t *testing.T) {
	t.Parallel()
	probe := func(kind, message string) string { return message + " (type: " + kind + ", retryable: false)" }
	for name, tc := range map[string]struct {
		err  error
		want operator.Error
	}{
		"a conflict": {
			refusal(workflows.ErrTypeRevisionConflict, "channel main was changed meanwhile"),
			operator.Error{Kind: operator.KindConflict, Message: "channel main was changed meanwhile"},
		},
		"the store's probe": {
			refusal(activities.ErrTypeStoreProbe, "the store refused"),
			operator.Error{
				Kind: operator.KindStoreProbe, Message: "channel main: the store refused",
				Fields: []operator.FieldError{{Field: "store", Message: "the store refused"}},
			},
		},
		"the downstream system's probe": {
			refusal(activities.ErrTypeDownstreamProbe, "it refused"),
			operator.Error{
				Kind: operator.KindDownstreamProbe, Message: "channel main: it refused",
				Fields: []operator.FieldError{{Field: "downstream", Message: "it refused"}},
			},
		},
		"statuses": {
			refusal(activities.ErrTypeInvalidSettings, "settings.valid_cancellation_statuses \"A\" is not a status\nsettings.valid_fulfillment_statuses \"B\" is final"),
			operator.Error{
				Kind: operator.KindInvalid, Message: "channel main: these settings cannot be used",
				Fields: []operator.FieldError{
					{Field: "settings.valid_cancellation_statuses", Message: `"A" is not a status`},
					{Field: "settings.valid_fulfillment_statuses", Message: `"B" is final`},
				},
			},
		},
		"several at once": {
			refusal(activities.ErrTypeInvalidSettings, probe("store_probe_failed", "the store refused")+"\n"+
				probe("downstream_probe_failed", "it refused")+"\n"+probe("invalid_settings", "settings.cancel_on is bad")+"\nno adapter"),
			operator.Error{
				Kind: operator.KindInvalid, Message: "channel main: these settings cannot be used: no adapter",
				Fields: []operator.FieldError{
					{Field: "store", Message: "the store refused"},
					{Field: "downstream", Message: "it refused"},
					{Field: "settings.cancel_on", Message: "is bad"},
				},
			},
		},
		"a validator": {
			temporal.NewApplicationError("channel main: store.hash \"NO\" must be\ncallback_url is missing", "wrapError"),
			operator.Error{
				Kind: operator.KindInvalid, Message: "channel main: these settings cannot be used",
				Fields: []operator.FieldError{{Field: "store.hash", Message: `"NO" must be`}, {Field: "callback_url", Message: "is missing"}},
			},
		},
		"a connection that is taken": {
			refusal(activities.ErrTypeConnectionTaken, "channel other connects store abc"),
			operator.Error{Kind: operator.KindConnectionTaken, Message: "channel main: channel other connects store abc"},
		},
		"being removed":    {refusal(workflows.ErrTypeRemoving, "it goes"), operator.Error{Kind: operator.KindRemoving, Message: "channel main: it goes"}},
		"not removed":      {refusal(workflows.ErrTypeNotRemoved, "it stays"), operator.Error{Kind: operator.KindNotRemoved, Message: "channel main: it stays"}},
		"a reason of ours": {refusal(string(activities.ReasonStoreCredentials), "the token is bad"), operator.Error{Kind: operator.KindFailed, Message: "channel main: the token is bad"}},
		"no reason of ours": {
			refusal("PanicError", "nil pointer at 0xc000"),
			operator.Error{Kind: operator.KindInternal, Message: "channel main: something unexpected went wrong: the log of this process and the Temporal Web UI say what"},
		},
		"Temporal away": {
			serviceerror.NewUnavailable("dial tcp 10.0.0.1"),
			operator.Error{Kind: operator.KindUnavailable, Message: "channel main: Temporal does not answer: check TEMPORAL_ADDRESS and that the server runs"},
		},
		"no namespace": {
			serviceerror.NewNamespaceNotFound("shop"),
			operator.Error{Kind: operator.KindUnavailable, Message: "channel main: the Temporal namespace does not exist: check TEMPORAL_NAMESPACE"},
		},
		"no permission": {
			serviceerror.NewPermissionDenied("JWT of kid 1", ""),
			operator.Error{Kind: operator.KindUnavailable, Message: "channel main: Temporal does not let us: check its credentials"},
		},
		"no answer":           {client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded), noAnswer},
		"no answer in time":   {serviceerror.NewDeadlineExceeded("grpc"), noAnswer},
		"a deadline":          {context.DeadlineExceeded, noAnswer},
		"nobody polls":        {serviceerror.NewFailedPrecondition("no poller seen for task queue recently"), noAnswer},
		"an activity is slow": {temporal.NewTimeoutError(1, nil), noAnswer},
		"gone meanwhile": {
			serviceerror.NewNotFound("workflow execution already completed"),
			operator.Error{Kind: operator.KindUnknownChannel, Message: "channel main: there is no such sales channel"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.temporal.updateErr = tc.err
			_, err := b.RotateSecret(t.Context(), "alice", "main")
			require.Equal(t, tc.want.Kind, asError(t, err).Kind)
			require.Equal(t, tc.want.Message, asError(t, err).Message)
			require.Equal(t, tc.want.Fields, asError(t, err).Fields)
			require.ErrorIs(t, err, tc.err, "a log has it all")
		})
	}
}

var noAnswer = operator.Error{
	Kind: operator.KindUnavailable,
	Message: "channel main: there was no answer in time: a worker must be running, and both sides must be in reach; " +
		"what was asked for may still happen",
}

func TestSomebodyWhoLeavesIsNotToldOfAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, left := range []error{context.Canceled, serviceerror.NewCanceled("context canceled")} {
		b.temporal.updateErr = left
		_, err := b.RotateSecret(t.Context(), "alice", "main")
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, operator.IsKind(err, operator.KindInternal))
	}
}

func TestAReadThatNobodyAnswersAsksForAWorker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.temporal.queryErr["main channel"] = serviceerror.NewDeadlineExceeded("grpc")
	_, err := b.Get(t.Context(), "main")
	require.EqualError(t, err, `channel main: no worker answers: start one ("orderbridge serve" or "orderbridge worker")`)
	require.Equal(t, operator.KindUnavailable, asError(t, err).Kind)
}

func TestErrorTextSaysEveryField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.temporal.updateErr = refusal(activities.ErrTypeInvalidSettings, "settings.cancel_on is bad\nsettings.fulfill_on is bad too")
	_, err := b.RotateSecret(t.Context(), "alice", "main")
	require.EqualError(t, err, "channel main: these settings cannot be used\n  settings.cancel_on is bad\n  settings.fulfill_on is bad too")
}
