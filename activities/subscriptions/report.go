package subscriptions

import (
	"cmp"
	"slices"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// ledger collects what is found and done.
type ledger struct {
	found []channels.Finding
	done  []string
	note  func(Progress)
}

// begin begins a look at the hooks: what an earlier one has left is looked at
// again.
func (l *ledger) begin() {
	l.found = slices.DeleteFunc(l.found, func(f channels.Finding) bool { return f.Left })
}

// add takes a finding, in the place of an earlier one of the same.
func (l *ledger) add(finding channels.Finding) {
	same := func(f channels.Finding) bool {
		return f.Kind == finding.Kind && f.Scope == finding.Scope && f.HookID == finding.HookID
	}
	if i := slices.IndexFunc(l.found, same); i >= 0 {
		l.found[i] = finding
		return
	}
	l.found = append(l.found, finding)
}

// leave takes a finding about a hook that stays as it is.
func (l *ledger) leave(finding channels.Finding, hook bigcommerce.Hook) {
	finding.Scope, finding.HookID, finding.Left = hook.Scope, hook.ID, true
	l.add(finding)
}

// did takes a change.
func (l *ledger) did(sentence string) {
	l.done = append(l.done, sentence)
	l.noted()
}

// noted tells what has been done so far.
func (l *ledger) noted() {
	if l.note == nil {
		return
	}
	progress := Progress{Found: []channels.Finding{}, Done: slices.Clone(l.done)}
	for _, finding := range l.found {
		if !finding.Left {
			progress.Found = append(progress.Found, finding)
		}
	}
	l.note(progress)
}

// replaced reports whether a hook of a scope was removed to be made anew.
func (l *ledger) replaced(scope string) bool {
	return scope == exceptionScope && slices.ContainsFunc(l.found, func(f channels.Finding) bool {
		return f.Kind == channels.FindingWrongDestination && f.Scope == scope && f.Done != ""
	})
}

// report says how it is now.
func (r *run) report() channels.AuditReport {
	report := r.summary()
	for _, want := range r.wanted {
		if r.kept[want.Scope].works {
			report.Subscribed = append(report.Subscribed, want.Scope)
		}
	}
	for _, hook := range r.ours() {
		report.Hooks = append(report.Hooks, channels.HookRef{
			ID: hook.ID, Scope: hook.Scope, ClientID: hook.ClientID, ArmedAt: r.armedAt(hook),
		})
	}
	slices.SortFunc(report.Hooks, func(a, b channels.HookRef) int { return cmp.Compare(a.ID, b.ID) })
	report.Again = channels.Duration(r.again)
	return report
}

// barred is the report of a run that the store does not let in. What is known
// of the hooks stays known: it tells later that they belong to another account.
func (r *run) barred(err error) channels.AuditReport {
	r.begin()
	finding := channels.Finding{
		Kind: channels.FindingRevoked, Detail: said(err), Left: true, Harmless: len(r.wanted) == 0,
		Advice: "Give the channel the token of an API account that exists: deleting one deletes its hooks.",
	}
	if bigcommerce.IsKind(err, bigcommerce.Forbidden) {
		finding.Kind = channels.FindingNoScope
		finding.Harmless = finding.Harmless && !r.Remove // the hooks of this account may well be there
		finding.Advice = "Give the channel the token of an API account that may use webhooks and read orders."
	}
	r.add(finding)
	report := r.summary()
	report.Hooks = append(report.Hooks, r.Known...)
	return report
}

// summary is a report of what was found and done.
func (r *run) summary() channels.AuditReport {
	report := channels.AuditReport{
		Channel: r.Channel.ID, Revision: r.Channel.Revision, Cause: r.Cause,
		Found: append([]channels.Finding{}, r.found...), Left: []channels.Finding{}, Done: append([]string{}, r.done...),
		Subscribed: []string{}, Hooks: []channels.HookRef{},
	}
	for _, finding := range r.found {
		if finding.Left {
			report.Left = append(report.Left, finding)
			if finding.Kind == channels.FindingShared {
				continue // nothing is wrong
			}
			r.Logger.Warn("a problem with a subscription is left", "channel", r.Channel.ID, "finding", finding.Kind,
				"scope", finding.Scope, "hook", finding.HookID, "detail", finding.Detail)
		}
	}
	return report
}
