package doctorcmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/orderbridge/orderbridge/activities"
)

// Finding is what one check has shown.
type Finding struct {
	// Check names what was looked at, for example "temporal".
	Check string `json:"check"`
	// Channel is the id of the sales channel that it is about; empty if it is
	// about the installation.
	Channel string `json:"channel,omitempty"`
	// Result is ok, warning, failed or skipped.
	Result activities.CheckResult `json:"result"`
	// Detail says it in a sentence.
	Detail string `json:"detail"`
	// Advice says what to do, unless it is ok.
	Advice string `json:"advice,omitempty"`
}

// Report is the result of an examination.
type Report struct {
	// Result is the worst of the findings.
	Result activities.CheckResult `json:"result"`
	// Checks are the findings in the order in which they were made.
	Checks []Finding `json:"checks"`
}

func ok(detail string, args ...any) Finding {
	return Finding{Result: activities.CheckOK, Detail: fmt.Sprintf(detail, args...)}
}

func warning(detail, advice string) Finding {
	return Finding{Result: activities.CheckWarning, Detail: detail, Advice: advice}
}

func failed(detail, advice string) Finding {
	return Finding{Result: activities.CheckFailed, Detail: detail, Advice: advice}
}

func skipped(detail string) Finding {
	return Finding{Result: activities.CheckSkipped, Detail: detail}
}

// name is what a finding is called where it is printed.
func (f Finding) name() string {
	if f.Channel == "" {
		return f.Check
	}
	return f.Channel + ": " + f.Check
}

// print writes a finding on a line of its own, and what to do on the next.
func (f Finding) print(out io.Writer) {
	_, _ = fmt.Fprintf(out, "%-8s %-30s %s\n", f.Result, f.name(), f.Detail)
	if f.Advice != "" {
		_, _ = fmt.Fprintf(out, "%-39s → %s\n", "", f.Advice)
	}
}

// count returns how many findings have a result.
func (r Report) count(result activities.CheckResult) int {
	n := 0
	for _, f := range r.Checks {
		if f.Result == result {
			n++
		}
	}
	return n
}

// conclusion says in a line how an examination ended.
func (r Report) conclusion() string {
	parts := []string{}
	for _, result := range []activities.CheckResult{
		activities.CheckOK, activities.CheckWarning, activities.CheckFailed, activities.CheckSkipped,
	} {
		if n := r.count(result); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, result))
		}
	}
	return fmt.Sprintf("%d checks: %s", len(r.Checks), strings.Join(parts, ", "))
}

// worst returns the worst of the results.
func (r Report) worst() activities.CheckResult {
	switch {
	case r.count(activities.CheckFailed) > 0:
		return activities.CheckFailed
	case r.count(activities.CheckWarning) > 0:
		return activities.CheckWarning
	default:
		return activities.CheckOK
	}
}
