package bigcommercetest

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

const (
	// firstHookID makes ids as long as the platform's.
	firstHookID = 28_000_000
	// hooksPerScope is documented: hooks of one client and scope.
	hooksPerScope = 10
	// quietLimit is documented: hooks without activity are switched off after it.
	quietLimit = 90 * 24 * time.Hour
)

// ErrNoSuchHook says that no hook has the id that was asked for.
var ErrNoSuchHook = errors.New("no such hook")

// HookStatus is what GET /v3/hooks/admin, and it alone, tells of a hook.
type HookStatus string

// The documented states of a hook.
const (
	HookActive      HookStatus = "active"
	HookDeactivated HookStatus = "deactivated" // by the platform
	HookInactive    HookStatus = "inactive"    // by somebody with is_active false
)

// Hook is a subscription to the events of a scope.
type Hook struct {
	ID          int64
	ClientID    string
	Scope       string
	Destination string
	Headers     map[string]string // sent with each delivery; nil for none
	IsActive    bool
	Status      HookStatus
	CreatedAt   time.Time // whole seconds
	UpdatedAt   time.Time // whole seconds
}

// hook adds to a Hook what only the platform knows.
type hook struct {
	Hook

	before     *Hook // in force until liveFrom; nil when the hook is new
	lastActive time.Time
	liveFrom   time.Time
}

// inForce returns the hook as deliveries see it at a time, or nil.
func (h *hook) inForce(now time.Time) *Hook {
	if now.Before(h.liveFrom) {
		return h.before
	}
	return &h.Hook
}

// changeLocked applies a client's change and starts the delay until it works.
func (s *Store) changeLocked(h *hook, now time.Time, change func(*Hook)) {
	if old := h.inForce(now); old != nil {
		kept := *old
		h.before = &kept
	}
	change(&h.Hook)
	h.UpdatedAt = now.Truncate(time.Second)
	h.liveFrom = now.Add(s.opts.hookDelay)
	h.lastActive = now
}

// deactivateLocked switches h off as the platform does, at once.
func (s *Store) deactivateLocked(h *hook, now time.Time, why string) {
	h.IsActive, h.Status = false, HookDeactivated
	h.UpdatedAt = now.Truncate(time.Second)
	h.before, h.liveFrom = nil, now
	s.logger.Warn("hook deactivated", slog.Int64("hook", h.ID), slog.String("scope", h.Scope), slog.String("why", why))
}

// sweepLocked switches off the hooks that were quiet for 90 days. What counts as
// activity is not documented: deliveries and changes are chosen.
func (s *Store) sweepLocked(now time.Time) {
	for _, h := range s.hooks {
		if h.IsActive && now.Sub(h.lastActive) >= quietLimit {
			s.deactivateLocked(h, now, "quiet for 90 days")
		}
	}
}

// sortedHooksLocked returns all hooks by id, after the quiet ones were switched off.
func (s *Store) sortedHooksLocked(now time.Time) []*hook {
	s.sweepLocked(now)
	list := make([]*hook, 0, len(s.hooks))
	for _, id := range slices.Sorted(maps.Keys(s.hooks)) {
		list = append(list, s.hooks[id])
	}
	return list
}

// Hooks returns every hook of every client, by id.
func (s *Store) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.sortedHooksLocked(s.clock.Now())
	list := make([]Hook, 0, len(all))
	for _, h := range all {
		out := h.Hook
		out.Headers = maps.Clone(h.Headers)
		list = append(list, out)
	}
	return list
}

// DeactivateHook switches a hook off as the platform does, without the retries
// that usually come first. It fails with [ErrNoSuchHook].
func (s *Store) DeactivateHook(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[id]
	if h == nil {
		return fmt.Errorf("deactivate hook %d: %w", id, ErrNoSuchHook)
	}
	s.deactivateLocked(h, s.clock.Now(), "asked to")
	return nil
}

// AddHook makes a hook past all rules, as accounts have them that are older than
// the rules: more than ten of a scope, for example. Its id, its times and its
// status are the store's; it works at once. The result is the hook as it is.
func (s *Store) AddHook(h Hook) Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	s.lastHook++
	h.ID, h.Headers = s.lastHook, maps.Clone(h.Headers)
	h.CreatedAt = now.Truncate(time.Second)
	h.UpdatedAt = h.CreatedAt
	h.Status = HookInactive
	if h.IsActive {
		h.Status = HookActive
	}
	s.hooks[h.ID] = &hook{Hook: h, lastActive: now, liveFrom: now}
	h.Headers = maps.Clone(h.Headers)
	return h
}

// DeleteHookByHand deletes a hook as somebody with the account's token would,
// behind the app's back. It fails with [ErrNoSuchHook].
func (s *Store) DeleteHookByHand(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hooks[id] == nil {
		return fmt.Errorf("delete hook %d: %w", id, ErrNoSuchHook)
	}
	delete(s.hooks, id)
	return nil
}
