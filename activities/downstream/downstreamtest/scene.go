package downstreamtest

import (
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// scene is the test of one case and what it works with.
type scene struct {
	testing.TB

	fixture  Fixture
	adapter  downstream.Adapter
	caps     Capabilities
	statuses []downstream.Status
}

func newScene(tb testing.TB, f Fixture) *scene {
	tb.Helper()
	s := &scene{TB: tb, fixture: f, adapter: f.Adapter(), caps: f.Capabilities()}
	statuses, err := s.adapter.Statuses(tb.Context())
	require.NoError(tb, err, "list the statuses")
	s.statuses = statuses
	return s
}

// status returns the first status of a phase that the back door can set, and
// whether there is one. In an open one an order can be cancelled and fulfilled.
func (s *scene) status(phase downstream.Phase) (string, bool) {
	for _, status := range s.settable() {
		if status.Phase == phase && !slices.Contains(s.caps.Unfulfillable, status.Name) {
			return status.Name, true
		}
	}
	return "", false
}

// settable returns the statuses that the back door can put an order in.
func (s *scene) settable() []downstream.Status {
	settable := make([]downstream.Status, 0, len(s.statuses))
	for _, status := range s.statuses {
		if !slices.Contains(s.caps.Unsettable, status.Name) {
			settable = append(settable, status)
		}
	}
	return settable
}

// add adds an order in a status of this phase and returns it as the adapter
// finds it.
func (s *scene) add(phase downstream.Phase) downstream.Order {
	s.Helper()
	status, ok := s.status(phase)
	require.True(s, ok, "the back door can set no status of phase %s", phase)
	number := newNumber()
	s.addOrder(number, status)
	return s.find(number)
}

func (s *scene) find(number string) downstream.Order {
	s.Helper()
	order, err := s.adapter.Find(s.Context(), number)
	require.NoError(s, err, "find order %s", number)
	return order
}

// requirePhase checks what the system shows of an order.
func (s *scene) requirePhase(number string, phase downstream.Phase) {
	s.Helper()
	require.Equal(s, phase, s.find(number).Status.Phase, "phase of order %s", number)
}

// numbers makes order numbers that differ between runs too: a suite may run
// against a system that keeps the orders of earlier runs. They have one length,
// so that none is part of another.
var numbers atomic.Int64

func newNumber() string {
	numbers.CompareAndSwap(0, time.Now().UnixMilli()*1000)
	return strconv.FormatInt(numbers.Add(1), 10)
}

// target names an order and the version on which a decision rests.
func target(order downstream.Order, key string) downstream.Target {
	return downstream.Target{OrderID: order.ID, Number: order.Number, Version: order.Version, IdempotencyKey: key}
}

// newKey makes an idempotency key that no other request has.
func newKey() string { return "suite-" + newNumber() }

// kindOf returns the *downstream.Error that err must be.
func (s *scene) kindOf(err error) *downstream.Error {
	s.Helper()
	require.Error(s, err)
	var e *downstream.Error
	require.ErrorAs(s, err, &e, "adapters fail with a *downstream.Error")
	require.Contains(s, downstream.Kinds(), e.Kind)
	require.NotEmpty(s, e.Channel, "the error names no channel")
	require.NotEmpty(s, e.Call, "the error names no call")
	require.NotEmpty(s, e.Advice, "the error says nothing about what to do")
	return e
}

// failure returns the *downstream.Error of this kind that err must be.
func (s *scene) failure(want downstream.Kind, err error) *downstream.Error {
	s.Helper()
	e := s.kindOf(err)
	require.Equal(s, want, e.Kind, "%v", err)
	return e
}

func (s *scene) requireKind(want downstream.Kind, err error) {
	s.Helper()
	_ = s.failure(want, err)
}

// The back door, for the test of this scene.

func (s *scene) addOrder(number, status string) {
	s.Helper()
	s.fixture.AddOrder(s.TB, number, status)
}

func (s *scene) setStatus(number, status string) {
	s.Helper()
	s.fixture.SetStatus(s.TB, number, status)
}

func (s *scene) effects(number string) []Effect {
	s.Helper()
	return s.fixture.Effects(s.TB, number)
}

func (s *scene) inject(fault Fault, on Step) <-chan struct{} {
	s.Helper()
	return s.fixture.Inject(s.TB, fault, on)
}

func (s *scene) heal() {
	s.Helper()
	s.fixture.Heal(s.TB)
}
