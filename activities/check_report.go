package activities

import "time"

// CheckRequest asks for the whole integration of a channel to be checked. It is
// the input of the CheckIntegration workflow.
type CheckRequest struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Deliver asks for a real delivery to be caused: for at most some minutes a
	// hook and a metafield of an order are made in the store.
	Deliver bool `json:"deliver,omitempty"`
	// By names who asks, for whoever looks at the run.
	By string `json:"by,omitempty"`
}

// CheckResult is what one step of a checked integration showed.
type CheckResult string

const (
	// CheckRunning: the step has begun.
	CheckRunning CheckResult = "running"
	// CheckOK: it is as it should be.
	CheckOK CheckResult = "ok"
	// CheckWarning: it works, or may work, but somebody should look.
	CheckWarning CheckResult = "warning"
	// CheckFailed: webhooks will not have the effect that they should have.
	CheckFailed CheckResult = "failed"
	// CheckSkipped: a step that failed before leaves nothing to check.
	CheckSkipped CheckResult = "skipped"
)

// The steps of a checked integration.
const (
	// CheckStepChannel: the channel exists and is active.
	CheckStepChannel = "channel"
	// CheckStepToken: the store accepts the access token, and its clock agrees
	// with ours.
	CheckStepToken = "token"
	// CheckStepScopes: the API account may read what is needed.
	CheckStepScopes = "scopes"
	// CheckStepHooks: every wanted hook is there and right.
	CheckStepHooks = "hooks"
	// CheckStepCallback: the callback address leads to an ingress, seen from
	// here.
	CheckStepCallback = "callback"
	// CheckStepDelivery: a callback of BigCommerce arrives.
	CheckStepDelivery = "delivery"
	// CheckStepDownstream: the downstream system answers and accepts the
	// credentials.
	CheckStepDownstream = "downstream"
	// CheckStepRules: the settings let webhooks have an effect.
	CheckStepRules = "rules"
	// CheckStepSignature: the signatures of callbacks fit the client secret.
	CheckStepSignature = "signature"
)

// CheckStepNames lists the steps in the order in which they are made.
func CheckStepNames() []string {
	return []string{
		CheckStepChannel, CheckStepToken, CheckStepScopes, CheckStepHooks, CheckStepCallback,
		CheckStepDelivery, CheckStepDownstream, CheckStepRules, CheckStepSignature,
	}
}

// CheckStep is one step of a checked integration.
type CheckStep struct {
	// Name is one of the CheckStep… names.
	Name string `json:"name"`
	// Result is what it showed.
	Result CheckResult `json:"result"`
	// Detail says it in a sentence.
	Detail string `json:"detail,omitempty"`
	// Advice says what to do, unless it is ok.
	Advice string `json:"advice,omitempty"`
}

// CheckReport is the result of a checked integration, and while it is under way
// what is known so far.
type CheckReport struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Result is the worst of the steps; CheckRunning until the last has ended.
	Result CheckResult `json:"result"`
	// Steps are the steps in their order, as far as they have begun.
	Steps []CheckStep `json:"steps"`
	// StartedAt and EndedAt are when the check began and ended; EndedAt is the
	// zero time before.
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// Worst returns the worst result of steps that have ended: failed, warning, or
// ok. What was skipped is as bad as the step that is to blame, and not worse.
func Worst(steps []CheckStep) CheckResult {
	worst := CheckOK
	for _, step := range steps {
		switch step.Result {
		case CheckFailed:
			return CheckFailed
		case CheckWarning:
			worst = CheckWarning
		default:
		}
	}
	return worst
}

// step returns a step of a result other than ok, with what to do about it.
func step(name string, result CheckResult, detail, advice string) CheckStep {
	return CheckStep{Name: name, Result: result, Detail: detail, Advice: advice}
}

// fine returns a step that is ok.
func fine(name, detail string) CheckStep {
	return CheckStep{Name: name, Result: CheckOK, Detail: detail}
}

// worse returns the worse of two results of one step. If both are as bad, the
// first one counts and the second is added to its sentence.
func worse(first, second CheckStep) CheckStep {
	rank := map[CheckResult]int{CheckOK: 0, CheckWarning: 1, CheckFailed: 2}
	switch {
	case rank[second.Result] > rank[first.Result]:
		return second
	case rank[second.Result] == rank[first.Result] && second.Result != CheckOK:
		first.Detail += " " + second.Detail
		first.Advice += " " + second.Advice
	}
	return first
}
