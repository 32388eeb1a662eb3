package bigcommercetest

import (
	"slices"
	"time"
)

// Faults are the switches of the store's misbehavior; all can be thrown while it
// runs and are safe for concurrent use. At first all are off.
//
// A webhook here is one event on its way to one hook, with all its retries.
type Faults struct {
	store *Store

	// Store.mu guards all of these.
	api             []*apiFault
	bareStatus      bool
	copies          int // of each of the next duplicateNext webhooks
	copiesApart     time.Duration
	delay           time.Duration
	dropChance      float64
	dropNext        int
	duplicateChance float64
	duplicateNext   int
	hold            bool
	spread          time.Duration
	unknownFields   bool
	wildcardScope   bool
	wobble          bool
}

// Held is a delivery that [Faults.HoldDeliveries] keeps back.
type Held struct {
	Attempt   int
	EventHash string
	HookID    int64
	OrderID   int64 // 0 when the event is about no order
	Scope     string

	job *job
}

// HoldDeliveries keeps back every delivery that falls due from now on, retries
// and duplicates too, until [Faults.ReleaseDeliveries].
func (f *Faults) HoldDeliveries() { f.set(func() { f.hold = true }) }

// HeldDeliveries returns what is kept back now, in the order in which it fell due.
func (f *Faults) HeldDeliveries() []Held {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return heldOf(f.store.held)
}

// ReleaseDeliveries ends HoldDeliveries and makes the deliveries kept back one
// after the other, each when the one before it has been answered. They come in
// the order that order returns: it gets them in the order in which they fell
// due, and may turn them around (slices.Reverse), shuffle them
// ([Faults.Shuffled]) or leave some out, which are then lost. A nil order keeps
// them as they are.
func (f *Faults) ReleaseDeliveries(order func([]Held) []Held) {
	s := f.store
	s.mu.Lock()
	list := heldOf(s.held)
	s.held = nil
	s.mu.Unlock()

	if order != nil { // without the lock, so that it may ask the store
		list = order(list)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f.hold = false
	list = append(list, heldOf(s.held)...) // fell due meanwhile
	s.held = nil
	var last *job
	seen := map[*job]bool{}
	for _, h := range list {
		switch {
		case h.job == nil || seen[h.job]:
			continue
		case last == nil:
			s.enqueueLocked(h.job, s.clock.Now())
		default:
			last.next = h.job
		}
		last = h.job
		seen[h.job] = true
	}
	s.changedLocked()
}

// Shuffled is an order for [Faults.ReleaseDeliveries]: one of chance, and the
// same for the same [WithSeed].
func (f *Faults) Shuffled(list []Held) []Held {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// Reversed is an order for [Faults.ReleaseDeliveries]: the last becomes the
// first.
func Reversed(list []Held) []Held {
	slices.Reverse(list)
	return list
}

// SetDisorder lets each delivery wait for a time of chance below spread, in real
// time, so that they overtake each other. Zero ends it.
func (f *Faults) SetDisorder(spread time.Duration) { f.set(func() { f.spread = spread }) }

// SetDelay makes the first delivery of each webhook wait for d on the store's
// clock. Zero ends it.
func (f *Faults) SetDelay(d time.Duration) { f.set(func() { f.delay = d }) }

// DropNext loses the next n webhooks: they are never delivered and nobody hears
// of it.
func (f *Faults) DropNext(n int) { f.set(func() { f.dropNext = n }) }

// SetDropChance loses each webhook with a probability from 0, never, to 1.
func (f *Faults) SetDropChance(p float64) { f.set(func() { f.dropChance = p }) }

// DuplicateNext delivers each of the next n webhooks copies times more than
// once, each copy apart later than the one before, in real time. Up to three
// copies 20 ms apart and one 455 ms apart were measured. Copies are not retried.
func (f *Faults) DuplicateNext(n, copies int, apart time.Duration) {
	f.set(func() { f.duplicateNext, f.copies, f.copiesApart = n, copies, apart })
}

// SetDuplicateChance duplicates each webhook with a probability from 0 to 1: one
// or two copies, 20 to 455 ms apart.
func (f *Faults) SetDuplicateChance(p float64) { f.set(func() { f.duplicateChance = p }) }

// SetBareStatus takes the status out of the data of order/statusUpdated, as one
// page of BigCommerce's documentation has it.
func (f *Faults) SetBareStatus(on bool) { f.set(func() { f.bareStatus = on }) }

// SetUnknownFields adds fields that nobody documents to orders, hooks, webhooks
// and shipments: BigCommerce reserves the right to add some without warning.
func (f *Faults) SetUnknownFields(on bool) { f.set(func() { f.unknownFields = on }) }

// SetWildcardScope sends the scope of the hook in its webhooks, for example
// store/order/*, in place of the event's: the specification can be read so.
func (f *Faults) SetWildcardScope(on bool) { f.set(func() { f.wildcardScope = on }) }

// SetWobble changes the types of fields in orders and webhooks: numbers become
// strings and the other way round, empty values null or {}.
func (f *Faults) SetWobble(on bool) { f.set(func() { f.wobble = on }) }

func (f *Faults) set(change func()) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	change()
}

// dropsLocked decides whether the next webhook is lost.
func (f *Faults) dropsLocked() bool {
	if f.dropNext > 0 {
		f.dropNext--
		return true
	}
	return f.dropChance > 0 && f.store.rand.Float64() < f.dropChance
}

// copiesLocked decides how many copies the next webhook gets and how far apart.
func (f *Faults) copiesLocked() (int, time.Duration) {
	if f.duplicateNext > 0 {
		f.duplicateNext--
		return f.copies, f.copiesApart
	}
	r := f.store.rand
	if f.duplicateChance <= 0 || r.Float64() >= f.duplicateChance {
		return 0, 0
	}
	return 1 + r.IntN(2), time.Duration(20+r.IntN(436)) * time.Millisecond
}

func heldOf(jobs []*job) []Held {
	list := make([]Held, len(jobs))
	for i, j := range jobs {
		list[i] = Held{
			Attempt: j.attempt, EventHash: j.event.Hash, HookID: j.hookID,
			OrderID: j.event.OrderID, Scope: j.event.Scope, job: j,
		}
	}
	return list
}
