package standin

import "sync"

// Value is a switch of a stand-in that can be set while it serves. The zero
// Value holds the zero T.
type Value[T any] struct {
	mu sync.Mutex
	v  T
}

// Set changes the value.
func (v *Value[T]) Set(to T) { v.Change(func(T) T { return to }) }

// Get returns the value.
func (v *Value[T]) Get() T { return v.Change(func(is T) T { return is }) }

// Change replaces the value by what change makes of it, and returns what it was
// before.
func (v *Value[T]) Change(change func(T) T) T {
	v.mu.Lock()
	defer v.mu.Unlock()
	was := v.v
	v.v = change(was)
	return was
}

// Switches are those that every stand-in has, for orders with ids of type ID.
// The zero Switches makes nothing go wrong.
type Switches[ID any] struct {
	// Hook runs before each change is looked at, with the order's id: the
	// moment between a client's read and its write.
	Hook Value[func(ID)]
	// IgnoreFilters makes a search answer every order.
	IgnoreFilters Value[bool]
	// MatchSubstrings makes a search answer every order whose number contains
	// the one that is asked for.
	MatchSubstrings Value[bool]
	// Revoked makes the stand-in refuse its credentials.
	Revoked Value[bool]
	// StaleReads is how many reads will show orders as they were before their
	// last change.
	StaleReads Value[int]
}

// BeforeChange runs the hook, if there is one.
func (s *Switches[ID]) BeforeChange(id ID) {
	if hook := s.Hook.Get(); hook != nil {
		hook(id)
	}
}

// StaleRead takes one off StaleReads and reports whether there was one.
func (s *Switches[ID]) StaleRead() bool {
	return s.StaleReads.Change(func(n int) int { return max(n-1, 0) }) > 0
}

// Clear sets every switch back.
func (s *Switches[ID]) Clear() {
	s.Hook.Set(nil)
	s.IgnoreFilters.Set(false)
	s.MatchSubstrings.Set(false)
	s.Revoked.Set(false)
	s.StaleReads.Set(0)
}
