package activities

import "sync"

// Other is the value of a bounded label for everything that has no place of its
// own.
const Other = "other"

// Bounded keeps the values of a metric's label few, so that ten thousand sales
// channels do not make ten thousand times as many series: the first values that
// a process meets keep their names, all further ones are Other. Give it only
// values of which it is certain that they are ours, never what a stranger sent:
// a place is never given up again.
//
// A Bounded is safe for concurrent use. A nil one has no places.
type Bounded struct {
	places int

	mu    sync.RWMutex
	taken map[string]struct{}
}

// NewBounded returns a Bounded with this many places; none if that is not above
// zero.
func NewBounded(places int) *Bounded {
	return &Bounded{places: places, taken: map[string]struct{}{}}
}

// Of returns the value of the label for a name: the name itself, if it has a
// place or takes one that is left, and otherwise Other. The empty name never
// takes one.
func (b *Bounded) Of(name string) string {
	if b == nil || name == "" {
		return Other
	}
	b.mu.RLock()
	_, has := b.taken[name]
	full := len(b.taken) >= b.places
	b.mu.RUnlock()
	switch {
	case has:
		return name
	case full:
		return Other
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, has := b.taken[name]; !has {
		if len(b.taken) >= b.places {
			return Other
		}
		b.taken[name] = struct{}{}
	}
	return name
}

// Labels are the bounded labels of a process, which all its metrics share. The
// zero value knows no names: everything is Other.
type Labels struct {
	// Channels are the ids of sales channels.
	Channels *Bounded
	// Stores are the hashes of stores.
	Stores *Bounded
}

// NewLabels returns labels with this many places for channels, and as many for
// stores.
func NewLabels(places int) Labels {
	return Labels{Channels: NewBounded(places), Stores: NewBounded(places)}
}
