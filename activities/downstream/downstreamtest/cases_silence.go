package downstreamtest

import (
	"context"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// lateCases are about answers that take their time and come before the caller's
// deadline. Nothing is wrong with them.
func lateCases() []testCase {
	find := testCase{name: "find/late", needs: []Fault{FaultLate}, run: func(s *scene) {
		order := s.add(downstream.PhaseOpen)
		hit := s.inject(FaultLate, OnRead)
		found := begin(func() (downstream.Order, error) { return s.adapter.Find(s.Context(), order.Number) })
		require.Equal(s, order, outlast(s, hit, found))
	}}
	return append(forEach("late", []Fault{FaultLate}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		hit := s.inject(FaultLate, OnWrite)
		done := begin(func() (downstream.Change, error) { return a.call(s.Context(), s.adapter, request) })
		change := outlast(s, hit, done)
		require.False(s, change.AlreadyDone, "it was this request that did it")
		s.requireResult(a, request, change.Order)
		s.requireOneEffect(order.Number, a)
	}), find)
}

// outcome is what a call returned.
type outcome[T any] struct {
	value T
	err   error
}

// begin makes a call and returns where its outcome will be.
func begin[T any](call func() (T, error)) <-chan outcome[T] {
	done := make(chan outcome[T], 1)
	go func() {
		value, err := call()
		done <- outcome[T]{value, err}
	}()
	return done
}

// outlast waits until an answer is late, lets it go, and returns what the call
// made of it.
func outlast[T any](s *scene, hit <-chan struct{}, done <-chan outcome[T]) T {
	s.Helper()
	require.NotNil(s, hit, "the fault has no signal")
	select {
	case <-hit:
	case got := <-done:
		require.FailNow(s, "the fault was never at work", "%v", got.err)
	}
	s.heal()
	got := <-done
	require.NoError(s, got.err)
	return got.value
}

// silenceCases are about requests that are not answered. Their contexts end
// when the fault is at work, so that no case depends on how fast a machine is.
func silenceCases() []testCase {
	all := []testCase{
		{name: "find/no answer in time", needs: []Fault{FaultSilent}, run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			ctx := s.expireOn(s.inject(FaultSilent, OnRead))
			_, err := s.adapter.Find(ctx, order.Number)
			s.requireKind(downstream.Timeout, err)
			require.ErrorIs(s, err, context.DeadlineExceeded)
			require.Equal(s, order, s.find(order.Number))
		}},
		{name: "find/caller gives up", needs: []Fault{FaultSilent}, run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			ctx := s.cancelOn(s.inject(FaultSilent, OnRead))
			_, err := s.adapter.Find(ctx, order.Number)
			_ = s.kindOf(err)
			require.ErrorIs(s, err, context.Canceled)
		}},
		{name: "every call/context has ended", run: endedContext},
	}
	all = append(all, forEach("no answer in time", []Fault{FaultSilent}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		ctx := s.expireOn(s.inject(FaultSilent, OnWrite))
		_, err := a.call(ctx, s.adapter, request)
		s.requireKind(downstream.Timeout, err)
		s.requireNoEffect(order.Number)
		s.succeed(a, request)
		s.requireOneEffect(order.Number, a)
	})...)
	return append(all, forEach("no answer in time after the commit", []Fault{FaultSilentAfterCommit},
		func(s *scene, a action) {
			order := s.add(downstream.PhaseOpen)
			request := target(order, newKey())
			ctx := s.expireOn(s.inject(FaultSilentAfterCommit, OnWrite))
			_, err := a.call(ctx, s.adapter, request)
			s.requireKind(downstream.Timeout, err)
			s.requireOneEffect(order.Number, a)
			s.succeed(a, request)
			s.requireOneEffect(order.Number, a)
		})...)
}

// endedContext calls everything with a context that has ended already.
func endedContext(s *scene) {
	order := s.add(downstream.PhaseOpen)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	errs := map[string]error{"probe": s.adapter.Probe(ctx)}
	_, errs["statuses"] = s.adapter.Statuses(ctx)
	_, errs["find"] = s.adapter.Find(ctx, order.Number)
	for _, a := range actions() {
		_, errs[a.name] = a.call(ctx, s.adapter, target(order, newKey()))
	}
	for name, err := range errs {
		require.ErrorIs(s, err, context.Canceled, name)
		_ = s.kindOf(err)
	}
	s.requireNoEffect(order.Number)
	s.requirePhase(order.Number, downstream.PhaseOpen)
}

// cancelOn returns a context that is canceled when hit is closed.
func (s *scene) cancelOn(hit <-chan struct{}) context.Context {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	s.Cleanup(cancel)
	s.after(hit, cancel)
	return ctx
}

// expireOn returns a context whose deadline passes when hit is closed.
func (s *scene) expireOn(hit <-chan struct{}) context.Context {
	s.Helper()
	ctx := &expiring{Context: s.Context(), done: make(chan struct{})}
	s.Cleanup(ctx.expire)
	s.after(hit, ctx.expire)
	return ctx
}

// after calls f when hit is closed, unless the test ends first.
func (s *scene) after(hit <-chan struct{}, f func()) {
	s.Helper()
	require.NotNil(s, hit, "the fault has no signal")
	go func() {
		select {
		case <-hit:
			f()
		case <-s.Context().Done():
		}
	}()
}

// expiring is a context whose deadline passes on command.
type expiring struct {
	context.Context //nolint:containedctx // It is a context itself.

	done chan struct{}
	once sync.Once
}

func (e *expiring) expire() { e.once.Do(func() { close(e.done) }) }

// Deadline implements context.Context. It is far off, as nobody knows yet when
// expire will be called.
func (e *expiring) Deadline() (time.Time, bool) { return time.Now().Add(time.Hour), true }

// Done implements context.Context.
func (e *expiring) Done() <-chan struct{} { return e.done }

// Err implements context.Context.
func (e *expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
