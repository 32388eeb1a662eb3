package subscriptions

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// quotaUsedUp is the finding of an attempt that has to wait. It becomes part of
// a report only if a later attempt went through.
func quotaUsedUp() channels.Finding {
	return channels.Finding{
		Kind:   channels.FindingQuota,
		Detail: "The store's request quota, which all of its apps share, was used up.",
		Done:   "waited for the next window",
	}
}

// shared is the finding of a channel whose API account has the one hook for
// delivery exceptions already. Making another is not even tried.
func shared(hook bigcommerce.Hook) channels.Finding {
	return channels.Finding{
		Kind: channels.FindingShared, Scope: exceptionScope, HookID: hook.ID, Left: true, Harmless: true,
		Detail: fmt.Sprintf("Hook %d of the same API account has the one subscription to delivery exceptions that BigCommerce allows.", hook.ID),
		Advice: "nothing: audits find the same, only later; an API account of its own makes them come early for this channel too",
	}
}

// full is the finding of a hook that could not be made because others fill the
// account.
func full(scope string, n int) channels.Finding {
	return channels.Finding{
		Kind: channels.FindingTooMany, Scope: scope, Left: true,
		Detail: fmt.Sprintf("The API account has %d hooks for %s; BigCommerce allows %d, and refused another.", n, scope, hooksPerScope),
		Advice: "remove hooks that nobody needs, or give the channel an API account of its own",
	}
}

// tooMany looks for accounts that have more hooks of a scope than BigCommerce
// allows. They keep working, but none can be added.
func (r *run) tooMany() {
	for _, want := range r.wanted {
		before, now := r.most[want.Scope], r.count(want.Scope)
		if before <= hooksPerScope || r.kept[want.Scope].hook.ID == 0 {
			continue // of one that could not be made, it is known already
		}
		finding := channels.Finding{
			Kind: channels.FindingTooMany, Scope: want.Scope,
			Detail: fmt.Sprintf("The API account had %d hooks for %s; BigCommerce allows %d.", before, want.Scope, hooksPerScope),
		}
		if now < before {
			finding.Done = fmt.Sprintf("removed %d of them", before-now)
		}
		if now > hooksPerScope {
			finding.Left, finding.Harmless = true, true
			finding.Advice = "remove hooks that nobody needs: once this channel's is gone, it could not be made again"
			if r.again > 0 {
				finding.Advice = "nothing yet: more of them are removed in a minute"
			}
		}
		r.add(finding)
	}
}

// intruders looks for hooks at the channel's addresses that are not its own.
func (r *run) intruders() {
	for _, hook := range r.hooks {
		if r.intrudes(hook) {
			r.leave(channels.Finding{
				Kind:     channels.FindingUnwanted,
				Detail:   name(hook) + " delivers to this channel without its secret; what it sends is refused and counts as failed deliveries.",
				Advice:   "remove it, or give it another address: it is not Orderbridge's own",
				Harmless: true,
			}, hook)
		}
	}
}

// blocked looks for a block of the host that callbacks go to.
func (r *run) blocked(domains []bigcommerce.BlockedDomain) {
	own, err := url.Parse(r.Channel.CallbackURL)
	if err != nil {
		return // a channel with such an address cannot be saved
	}
	for _, domain := range domains {
		if !blocks(domain.Destination, own) {
			continue
		}
		var reasons []string
		for _, reason := range domain.Reasons {
			reasons = append(reasons, fmt.Sprintf("%s (%d times)", strings.TrimRight(reason.Description, ". "), reason.Count))
		}
		detail := fmt.Sprintf("BigCommerce delivers nothing to %s for another %s", hostOf(own), domain.TimeLeft.Round(time.Second))
		if len(reasons) > 0 {
			detail += ": " + strings.Join(reasons, "; ")
		}
		r.add(channels.Finding{
			Kind: channels.FindingBlocked, Detail: detail + ".", Left: true,
			Advice: "BigCommerce lifts the block by itself and repeats the callbacks; see why it got no answer 200 in time",
		})
	}
}

// blocks reports whether a blocked destination, a host or an address on one, is
// the host of an address.
func blocks(destination string, own *url.URL) bool {
	if !strings.Contains(destination, "://") {
		destination = own.Scheme + "://" + destination
	}
	u, err := url.Parse(destination)
	return err == nil && u.Host != "" && hostOf(u) == hostOf(own)
}
