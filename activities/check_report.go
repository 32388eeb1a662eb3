package activities

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
	// Result is the worst of the steps.
	Result CheckResult `json:"result"`
	// Steps are the steps in their order.
	Steps []CheckStep `json:"steps"`
}
