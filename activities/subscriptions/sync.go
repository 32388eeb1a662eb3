package subscriptions

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/log"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// Store is what is needed of a BigCommerce store. *bigcommerce.Client is one.
type Store interface {
	HooksAdmin(ctx context.Context) (bigcommerce.HooksAdmin, error)
	CreateHook(ctx context.Context, hook bigcommerce.HookRequest) (bigcommerce.Hook, error)
	UpdateHook(ctx context.Context, hookID int64, update bigcommerce.HookUpdate) (bigcommerce.Hook, error)
	DeleteHook(ctx context.Context, hookID int64) error
}

// Sync makes the hooks of one channel right.
type Sync struct {
	// Store is the channel's store. Required.
	Store Store
	// Channel says what is wanted. Required.
	Channel channels.Channel
	// Secrets derives the secret that the hooks carry. Required.
	Secrets *callback.Secrets
	// Known are the channel's hooks as they were last seen.
	Known []channels.HookRef
	// Cause goes into the report.
	Cause channels.AuditCause
	// Remove is true if no hook of the channel may stay.
	Remove bool
	// Before is what an earlier attempt, which failed in the end, has done.
	Before Progress
	// Note is told after each change what has been done so far. Nil is told
	// nothing.
	Note func(Progress)
	// Logger tells of each change. Required.
	Logger log.Logger
}

// Progress is what has been done so far. An attempt that fails hands it to the
// next, so that the report of the one that succeeds is complete.
type Progress struct {
	// Found are the findings that were dealt with.
	Found []channels.Finding `json:"found"`
	// Done are the changes, each in a sentence.
	Done []string `json:"done"`
}

const (
	// looks bounds how often the hooks are read. BigCommerce does not document
	// how it refuses a hook that there is already, so every refusal of a change
	// may mean that somebody was faster: one more look tells.
	looks = 2
	// settleTime is how long a new or changed hook can take until it works.
	// BigCommerce documents a minute; the second more is for its times, which
	// are cut to the second.
	settleTime = time.Minute + time.Second
	// settleMargin is what Again adds to the time that is left.
	settleMargin = 3 * time.Second
	// quietTime is how old the last change of a hook may be before it is
	// switched on again. BigCommerce documents that it switches hooks off after
	// 90 days without activity, and not what counts as activity.
	quietTime = 60 * 24 * time.Hour
	// hooksPerScope is how many hooks of a scope an API account may have.
	// BigCommerce documents it, and that older accounts may have more.
	hooksPerScope = 10
)

// errStale says that a change was refused, perhaps because somebody else was
// faster.
var errStale = errors.New("the hooks changed since they were read")

// Run compares, mends and reports. What BigCommerce refuses, and a token that it
// does not take, is part of the report. Run fails with the error of the store
// when the store is out of reach, has no quota left, or answers nonsense: the
// same is then to be tried again later, with what Note was told as Before.
func (s Sync) Run(ctx context.Context) (channels.AuditReport, error) {
	r := &run{
		Sync:   s,
		owner:  owner{channel: s.Channel, secrets: s.Secrets, removing: s.Remove},
		ledger: ledger{found: slices.Clone(s.Before.Found), done: slices.Clone(s.Before.Done), note: s.Note},
		most:   map[string]int{},
	}
	if !s.Remove {
		r.wanted = Wanted(s.Channel)
	}
	for r.left = looks - 1; ; r.left-- {
		err := r.look(ctx)
		switch {
		case err == nil:
			return r.report(), nil
		case errors.Is(err, errStale) && r.left > 0:
			continue
		case bigcommerce.IsKind(err, bigcommerce.Unauthorized), bigcommerce.IsKind(err, bigcommerce.Forbidden):
			return r.barred(err), nil
		case bigcommerce.IsKind(err, bigcommerce.RateLimited):
			r.add(quotaUsedUp())
			r.noted()
		}
		return channels.AuditReport{}, err
	}
}

// run is one Run.
type run struct {
	Sync
	owner
	ledger

	wanted []Subscription
	left   int                // looks that may follow
	readAt time.Time          // of this look, by the store's clock
	hooks  []bigcommerce.Hook // of the API account, as they are now
	most   map[string]int     // hooks of a scope when there were most of them
	kept   map[string]kept    // by scope
	again  time.Duration
}

// kept is the hook that serves a scope.
type kept struct {
	hook bigcommerce.Hook
	// works is false if something is wrong with it that could not be mended.
	works bool
}

// look reads the hooks once and makes them right.
func (r *run) look(ctx context.Context) error {
	admin, err := r.Store.HooksAdmin(ctx)
	if err != nil {
		return err
	}
	r.readAt, r.hooks = admin.ReadAt, admin.Hooks
	r.kept, r.again = map[string]kept{}, 0
	r.begin()
	for _, want := range r.wanted {
		r.most[want.Scope] = max(r.most[want.Scope], r.count(want.Scope))
	}
	if err := r.clearTheWay(ctx); err != nil {
		return err
	}
	for _, want := range r.wanted {
		if err := r.serve(ctx, want); err != nil {
			return err
		}
		if err := r.tidy(ctx); err != nil { // before the next scope: an address may be in use
			return err
		}
	}
	if len(r.wanted) == 0 {
		return r.tidy(ctx)
	}
	r.tooMany()
	r.intruders()
	r.blocked(admin.BlockedDomains)
	return nil
}

// clearTheWay removes hooks for delivery exceptions from the address of the
// order hook: BigCommerce documents that theirs must differ from all others, so
// that no order hook could be made. They are made anew afterwards. They are not
// moved, because the order hook may be at the address that they belong to.
func (r *run) clearTheWay(ctx context.Context) error {
	for _, hook := range r.ours() {
		if len(r.wanted) == 0 || hook.Scope != exceptionScope || !sameAddress(hook.Destination, r.Channel.CallbackURL) {
			continue
		}
		if err := r.remove(ctx, hook, channels.Finding{
			Kind:   channels.FindingWrongDestination,
			Detail: name(hook) + " stands at the address of the order hook, which no other may have.",
		}); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes the hooks of the channel that serve nothing, as far as that is
// safe now.
func (r *run) tidy(ctx context.Context) error {
	for _, hook := range r.ours() {
		finding := channels.Finding{Kind: channels.FindingUnwanted, Detail: name(hook) + " is not wanted by the settings."}
		if r.wants(hook.Scope) {
			serving, served := r.kept[hook.Scope]
			if !served || serving.hook.ID == hook.ID {
				continue
			}
			finding = channels.Finding{Kind: channels.FindingDuplicate, Detail: name(hook) + " is one of several of this channel."}
		}
		if reason, hold := r.hold(hook); hold {
			finding.Advice, finding.Harmless = reason, true
			r.leave(finding, hook)
			continue
		}
		if err := r.remove(ctx, hook, finding); err != nil {
			return err
		}
	}
	return nil
}

// hold reports whether a hook has to stay for now because it may be the only
// one that works, and why.
func (r *run) hold(hook bigcommerce.Hook) (reason string, hold bool) {
	if len(r.wanted) == 0 || !r.mayWork(hook) {
		return "", false
	}
	successor, served := r.kept[orderScope]
	if !served || !successor.works {
		return "It stays as long as no other hook works: see to the other problems first.", true
	}
	left := settleTime - r.readAt.Sub(r.armedAt(successor.hook))
	if left <= 0 {
		return "", false
	}
	r.again = max(r.again, left+settleMargin)
	return "Nothing: it is removed by itself once the other one is known to work.", true
}

// armedAt is when a hook was last made, changed or switched on, as far as that
// is known. It is not later than the look: a time to come shows only that a clock
// was wrong, and nothing must wait until it is over.
func (r *run) armedAt(hook bigcommerce.Hook) time.Time {
	at := later(hook.CreatedAt, hook.UpdatedAt)
	for _, known := range r.Known {
		if known.ID == hook.ID {
			at = later(at, known.ArmedAt)
		}
	}
	if at.After(r.readAt) {
		return r.readAt
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
