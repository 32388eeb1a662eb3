package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// arrivalsLookedAt bounds how many runs are looked through for one that a
	// callback started.
	arrivalsLookedAt = 100
	// lately is how old the last webhook of a channel in use may be.
	lately = 24 * time.Hour
)

// Arrival is the last callback of a channel that arrived.
type Arrival struct {
	// WorkflowID and RunID are the run that it started; empty if there is none
	// that Temporal still keeps.
	WorkflowID string `json:"workflow_id,omitempty"`
	RunID      string `json:"run_id,omitempty"`
	// At is when it arrived.
	At time.Time `json:"at,omitzero"`
}

// Lately reports whether it arrived within the last day.
func (l Arrival) Lately(now time.Time) bool { return !l.At.IsZero() && now.Sub(l.At) <= lately }

// Judge says what the last callback means for a check that causes none.
func (l Arrival) Judge(now time.Time) CheckStep {
	const advice = "Check with a delivery."
	when := l.At.UTC().Format(time.RFC3339)
	switch {
	case l.At.IsZero():
		return step(CheckStepDelivery, CheckWarning, "No webhook of the channel has arrived in the time for which Temporal keeps them.", advice)
	case !l.Lately(now):
		return step(CheckStepDelivery, CheckWarning, fmt.Sprintf("The last webhook arrived at %s, more than a day ago. The store may be quiet.", when), advice)
	default:
		return fine(CheckStepDelivery, fmt.Sprintf("The last webhook arrived at %s.", when))
	}
}

// LastArrival finds the last callback of a channel that arrived.
func (a *Activities) LastArrival(ctx context.Context, request CheckRequest) (Arrival, error) {
	// Nobody delivered what reconciliation found.
	return a.lastRun(ctx, request.Channel, "reconciled/")
}

// lastRun finds the last order workflow of a channel, except for those whose id
// goes on in one of some ways after that of the channel.
func (a *Activities) lastRun(ctx context.Context, channel string, except ...string) (Arrival, error) {
	if !channels.ValidID(channel) {
		return Arrival{}, nil // what cannot be a channel has no webhooks, and would not fit into the query
	}
	list, err := a.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: a.namespace, PageSize: arrivalsLookedAt,
		Query: fmt.Sprintf("WorkflowType = '%s' AND %s = '%s'", OrderWorkflowType, channels.SearchAttribute.GetName(), channel),
	})
	if err != nil {
		return Arrival{}, fmt.Errorf("channel %s: look for the last webhook: %w", channel, err)
	}
	var last *workflow.WorkflowExecutionInfo
	for _, run := range list.GetExecutions() {
		if slices.ContainsFunc(except, func(kind string) bool {
			return strings.HasPrefix(run.GetExecution().GetWorkflowId(), "webhook/"+channel+"/"+kind)
		}) {
			continue
		}
		// They come newest first; it costs nothing not to rely on that.
		if last == nil || run.GetStartTime().AsTime().After(last.GetStartTime().AsTime()) {
			last = run
		}
	}
	if last == nil {
		return Arrival{}, nil
	}
	return Arrival{
		WorkflowID: last.GetExecution().GetWorkflowId(), RunID: last.GetExecution().GetRunId(), At: last.GetStartTime().AsTime(),
	}, nil
}

// CheckSigning looks whether the signature of the last callback fits the client
// secret of the channel, if it has one.
func (a *Activities) CheckSigning(ctx context.Context, request CheckRequest) (CheckStep, error) {
	channel, err := a.directory.Channel(ctx, request.Channel)
	if err != nil {
		return judge(ctx, CheckStepSignature, err)
	}
	mode := channel.Settings.WithDefaults().Signature
	switch {
	case len(channel.Store.ClientSecret) == 0:
		return fine(CheckStepSignature, "Signatures are not checked: the channel has no client secret. Callbacks are authenticated by their secret header."), nil
	case mode == channels.SignatureOff:
		return fine(CheckStepSignature, "Signatures are not checked: settings.signature is off. Callbacks are authenticated by their secret header."), nil
	}
	// The signature of what was rejected is not kept.
	arrival, err := a.lastRun(ctx, channel.ID, "reconciled/", "rejected/")
	if err != nil {
		return judge(ctx, CheckStepSignature, err)
	}
	signed, found, err := a.signedOf(ctx, arrival)
	switch {
	case err != nil:
		return judge(ctx, CheckStepSignature, err)
	case !found:
		return fine(CheckStepSignature, "No webhook has arrived yet whose signature could be checked."), nil
	}
	signed.Channel = channel.ID
	result, err := a.signature(ctx, signed)
	if err != nil {
		return judge(ctx, CheckStepSignature, err)
	}
	return signatureStep(result, mode, arrival), nil
}

func signatureStep(result SignatureResult, mode channels.SignatureMode, arrival Arrival) CheckStep {
	when := arrival.At.UTC().Format(time.RFC3339)
	bad, consequence := CheckWarning, "This has no consequence: settings.signature is observe."
	if mode == channels.SignatureRequire {
		bad, consequence = CheckFailed, "Webhooks have no effect: settings.signature is require."
	}
	switch result {
	case SignatureValid:
		return fine(CheckStepSignature, fmt.Sprintf("The signature of the last webhook (%s) fits the client secret.", when))
	case SignatureMissing:
		return step(CheckStepSignature, bad, fmt.Sprintf("The last webhook (%s) had no signature. %s", when, consequence),
			"See whether something in front of the ingress removes the headers webhook-id, webhook-timestamp and webhook-signature.")
	default:
		return step(CheckStepSignature, bad, fmt.Sprintf("The signature of the last webhook (%s) does not fit the client secret. %s", when, consequence),
			"Check that the client secret is that of the API account whose access token the channel has, and that nothing in front "+
				"of the ingress changes the body of requests.")
	}
}

// signedOf reads what a callback was signed with from the input of its run. It
// reports false if there is no such run, or none any more.
func (a *Activities) signedOf(ctx context.Context, arrival Arrival) (SignedCallback, bool, error) {
	if arrival.WorkflowID == "" {
		return SignedCallback{}, false, nil
	}
	// The first event alone is read: a history is long.
	events := a.temporal.GetWorkflowHistory(ctx, arrival.WorkflowID, arrival.RunID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return SignedCallback{}, false, nil
	}
	event, err := events.Next()
	if notFound(err) {
		return SignedCallback{}, false, nil
	}
	if err != nil {
		return SignedCallback{}, false, fmt.Errorf("read the input of %s: %w", arrival.WorkflowID, err)
	}
	payloads := event.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
	if len(payloads) == 0 {
		return SignedCallback{}, false, nil
	}
	var webhook struct {
		Signed SignedCallback `json:"signed"`
	}
	if err := converter.GetDefaultDataConverter().FromPayload(payloads[0], &webhook); err != nil {
		return SignedCallback{}, false, fmt.Errorf("decode the input of %s: %w", arrival.WorkflowID, err)
	}
	return webhook.Signed, true, nil
}
