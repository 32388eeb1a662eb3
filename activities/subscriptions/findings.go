package subscriptions

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// said says in a sentence what BigCommerce answered to a change or a look.
func said(err error) string {
	e, ok := errors.AsType[*bigcommerce.Error](err)
	if !ok {
		return err.Error()
	}
	plain := *e
	plain.Advice = "" // the finding has its own
	text := strings.TrimPrefix(plain.Error(), "channel "+e.Channel+": bigcommerce: "+e.Call+": ")
	return fmt.Sprintf("BigCommerce did not take %q: %s.", e.Call, text)
}

// quotaUsedUp is the finding of an attempt that has to wait. It becomes part of
// a report only if a later attempt went through.
func quotaUsedUp() channels.Finding {
	return channels.Finding{
		Kind:   channels.FindingQuota,
		Detail: "The store's request quota, which all of its apps share, was used up.",
		Done:   "The audit waited for the next window.",
	}
}

// shared is the finding of a channel whose API account has the one hook for
// delivery exceptions already. Making another is not even tried. Nobody has to do
// anything, so there is no advice.
func shared(hook bigcommerce.Hook) channels.Finding {
	return channels.Finding{
		Kind: channels.FindingShared, Scope: exceptionScope, HookID: hook.ID, Left: true, Harmless: true,
		Detail: fmt.Sprintf("Delivery exceptions of this API account go to hook %d, which is not this channel's; there can be no other.", hook.ID),
	}
}

// full is the finding of a hook that could not be made because others fill the
// account.
func full(scope string, n int) channels.Finding {
	return channels.Finding{
		Kind: channels.FindingTooMany, Scope: scope, Left: true,
		Detail: fmt.Sprintf("The API account has %d hooks for %s; BigCommerce allows %d, and refused another.", n, scope, hooksPerScope),
		Advice: "Remove hooks that nobody needs, or give the channel an API account of its own.",
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
			Detail: fmt.Sprintf("The API account has %d hooks for %s; BigCommerce allows %d.", before, want.Scope, hooksPerScope),
		}
		if now < before {
			finding.Done = fmt.Sprintf("Removed %d of them.", before-now)
		}
		if now > hooksPerScope {
			finding.Left, finding.Harmless = true, true
			finding.Advice = "Remove hooks that nobody needs: once this channel's is gone, it could not be made again."
			if r.again > 0 {
				finding.Advice = "Nothing yet: more of them are removed in a minute."
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
				Advice:   "Remove it, or give it another address: it is not Orderbridge's own.",
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
			Advice: "BigCommerce lifts the block by itself and repeats the callbacks; see why it got no answer 200 in time.",
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
