package downstreamtest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// mistake is what an adapter can do wrong.
type mistake string

// model is an adapter and its system in one, in memory, that makes a mistake
// on request. It is its own Fixture.
type model struct {
	caps  Capabilities
	wrong mistake

	mu      sync.Mutex
	orders  []*modelOrder
	keys    map[string]string // key to order id
	armed   map[Step][]modelFault
	lasting map[Fault]bool
	healed  chan struct{} // closed by Heal
}

type modelOrder struct {
	downstream.Order

	effects []Effect
}

type modelFault struct {
	fault Fault
	hit   chan struct{}
}

func newModel(caps Capabilities, wrong mistake) *model {
	return &model{
		caps: caps, wrong: wrong, keys: map[string]string{}, armed: map[Step][]modelFault{}, lasting: map[Fault]bool{},
		healed: make(chan struct{}),
	}
}

var modelStatuses = []downstream.Status{
	{Name: "new", Phase: downstream.PhaseUnprocessed},
	{Name: "open", Phase: downstream.PhaseOpen},
	{Name: "held", Phase: downstream.PhaseOpen},
	{Name: "gone", Phase: downstream.PhaseCancelled},
	{Name: "sent", Phase: downstream.PhaseFulfilled},
	{Name: "other", Phase: downstream.PhaseClosed},
}

// The Fixture.

func (m *model) Adapter() downstream.Adapter { return m }
func (m *model) Capabilities() Capabilities  { return m.caps }

func (m *model) AddOrder(_ testing.TB, number, status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := &modelOrder{Order: downstream.Order{ID: strconv.Itoa(len(m.orders)), Number: number}}
	m.set(o, status)
	m.orders = append(m.orders, o)
}

func (m *model) SetStatus(_ testing.TB, number, status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.orders {
		if o.Number == number {
			m.set(o, status)
		}
	}
}

func (m *model) Effects(_ testing.TB, number string) []Effect {
	m.mu.Lock()
	defer m.mu.Unlock()
	var effects []Effect
	for _, o := range m.orders {
		if o.Number == number {
			effects = append(effects, o.effects...)
		}
	}
	return effects
}

func (m *model) Inject(_ testing.TB, fault Fault, on Step) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains([]Fault{FaultIgnoredFilter, FaultSubstringFilter, FaultRevoked}, fault) {
		m.lasting[fault] = true
		return nil
	}
	hit := make(chan struct{})
	m.armed[on] = append(m.armed[on], modelFault{fault, hit})
	return hit
}

func (m *model) Heal(testing.TB) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lasting, m.armed = map[Fault]bool{}, map[Step][]modelFault{}
	close(m.healed)
	m.healed = make(chan struct{})
}

// The adapter.

func (m *model) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if err := m.request(ctx, OnRead, "", nil); err != nil {
		return nil, err
	}
	statuses := slices.Clone(modelStatuses)
	if m.wrong == "names come twice" {
		statuses[2].Name = "open"
	}
	return statuses, nil
}

func (m *model) Probe(ctx context.Context) error { return m.request(ctx, OnRead, "", nil) }

func (m *model) Find(ctx context.Context, number string) (downstream.Order, error) {
	if m.wrong != "number not trimmed" {
		number = strings.TrimSpace(number)
	}
	if strings.TrimSpace(number) == "" {
		return downstream.Order{}, m.fail(downstream.Invalid, number, nil)
	}
	var found []downstream.Order
	err := m.request(ctx, OnRead, number, func() {
		for _, o := range m.orders {
			if m.equal(o.Number, number) {
				found = append(found, o.Order)
			}
		}
	})
	switch {
	case err != nil:
		return downstream.Order{}, err
	case len(found) == 0:
		return downstream.Order{}, m.fail(downstream.NotFound, number, nil)
	case len(found) > 1 && m.wrong != "first of several":
		return downstream.Order{}, m.fail(downstream.Ambiguous, number, nil)
	default:
		return found[0], nil
	}
}

// equal is how the adapter compares, after its system's filter.
func (m *model) equal(has, wanted string) bool {
	switch {
	case m.wrong == "believes the filter" && m.lasting[FaultIgnoredFilter]:
		return true
	case m.wrong == "believes the filter" && m.lasting[FaultSubstringFilter]:
		return strings.Contains(has, wanted)
	case m.wrong == "case folded":
		return strings.EqualFold(has, wanted)
	default:
		return has == wanted
	}
}

func (m *model) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return m.change(ctx, req.Target, cancelling(), nil)
}

func (m *model) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	var trackingNumbers []string
	for _, s := range req.Shipments {
		if s.TrackingNumber != "" {
			trackingNumbers = append(trackingNumbers, s.TrackingNumber)
		}
	}
	if m.wrong == "keeps one tracking number" && len(trackingNumbers) > 1 {
		trackingNumbers = trackingNumbers[:1]
	}
	return m.change(ctx, req.Target, fulfilling(), trackingNumbers)
}

func (m *model) change(ctx context.Context, t downstream.Target, a action, trackingNumbers []string) (downstream.Change, error) {
	var refusal downstream.Kind
	var already bool
	err := m.request(ctx, OnWrite, t.Number, func() { refusal, already = m.commit(t, a, trackingNumbers) })
	if err != nil {
		return downstream.Change{}, err
	}
	if refusal != "" {
		return downstream.Change{}, m.fail(refusal, t.Number, nil)
	}
	var order downstream.Order
	if err := m.request(ctx, OnRead, t.Number, func() { order = m.byID(t.OrderID).Order }); err != nil {
		return downstream.Change{}, err
	}
	if m.wrong == "believes success" {
		order.Status = m.named(a.wished)
	}
	if order.Status.Phase != a.wished {
		return downstream.Change{}, m.fail(downstream.Unavailable, t.Number, nil)
	}
	return downstream.Change{Order: order, AlreadyDone: already && m.wrong != "takes the credit"}, nil
}

// commit is what the system does with a change. m.mu is held.
func (m *model) commit(t downstream.Target, a action, trackingNumbers []string) (refusal downstream.Kind, already bool) {
	o := m.byID(t.OrderID)
	if m.caps.IdempotencyKeys && m.keys[t.IdempotencyKey] == o.ID && m.wrong != "repeats twice" {
		return "", false
	}
	phase := o.Status.Phase
	switch {
	case phase == a.wished && m.wrong == "already done is refused":
		return downstream.Refused, false
	case phase == a.wished && m.wrong != "repeats twice":
		return "", true
	case m.caps.Versions && t.Version != o.Version && m.wrong != "ignores versions" && m.wrong != "repeats twice":
		return downstream.VersionConflict, false
	case a.does == Fulfilled && slices.Contains(m.caps.Unfulfillable, o.Status.Name) && m.wrong != "fulfills at any price":
		return downstream.Refused, false
	case phase.Final() && m.wrong != "changes what is final" && m.wrong != "repeats twice":
		return downstream.Refused, false
	}
	m.set(o, m.named(a.wished).Name)
	if m.wrong == "touches others" {
		m.set(m.orders[0], m.named(a.wished).Name)
	}
	o.effects = append(o.effects, Effect{a.does, trackingNumbers})
	m.keys[t.IdempotencyKey] = o.ID
	return "", false
}

// request is one request to the system: work, unless a fault is in the way.
func (m *model) request(ctx context.Context, step Step, number string, work func()) error {
	if ctx.Err() != nil && m.wrong != "ignores contexts" {
		return m.fail(downstream.Timeout, number, ctx.Err())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lasting[FaultRevoked] {
		return m.fail(downstream.Unauthorized, number, nil)
	}
	var f modelFault
	if queue := m.armed[step]; len(queue) > 0 {
		f, m.armed[step] = queue[0], queue[1:]
	}
	carriedOut := f.fault == "" || f.fault == FaultLostAnswer || f.fault == FaultLate || f.fault == FaultSilentAfterCommit || f.fault == FaultTokenExpired
	if carriedOut && work != nil {
		work()
	}
	healed := m.healed
	if f.hit != nil {
		close(f.hit)
	}
	if f.fault == FaultLate {
		if m.wrong == "impatient" {
			return m.fail(downstream.Timeout, number, context.DeadlineExceeded)
		}
		m.mu.Unlock()
		<-healed
		m.mu.Lock()
	}
	return m.suffer(ctx, f.fault, number)
}

// suffer maps a fault to the error of an adapter.
func (m *model) suffer(ctx context.Context, fault Fault, number string) error {
	kinds := map[Fault]downstream.Kind{
		FaultForbidden: downstream.Forbidden, FaultGarbage: downstream.Malformed, FaultHalfAnswer: downstream.Malformed,
		FaultInUse: downstream.InUse, FaultLostAnswer: downstream.Unavailable, FaultRateLimited: downstream.RateLimited,
		FaultServerError: downstream.Unavailable, FaultStaleRead: downstream.Unavailable, FaultWrongContentType: downstream.Malformed,
	}
	if fault == FaultSilent || fault == FaultSilentAfterCommit {
		m.mu.Unlock()
		<-ctx.Done()
		m.mu.Lock()
		if m.wrong == "time-outs look like failures" {
			return m.fail(downstream.Unavailable, number, ctx.Err())
		}
		return m.fail(downstream.Timeout, number, ctx.Err())
	}
	if kind, ok := kinds[fault]; ok {
		return m.fail(kind, number, nil)
	}
	return nil
}

func (m *model) fail(kind downstream.Kind, number string, cause error) error {
	if m.wrong == "plain errors" {
		return fmt.Errorf("%s: %w", kind, cause)
	}
	e := &downstream.Error{Kind: kind, Channel: "acme", Call: "call", Order: number, Advice: "advice", Err: cause}
	if kind == downstream.RateLimited && m.wrong != "forgets how long to wait" {
		e.RetryAfter = m.caps.RetryAfter
	}
	return e
}

// set gives an order a status and a version. m.mu is held.
func (m *model) set(o *modelOrder, name string) {
	for _, s := range modelStatuses {
		if s.Name == name {
			o.Status = s
		}
	}
	if m.caps.Versions {
		previous, _ := strconv.Atoi(o.Version)
		o.Version = strconv.Itoa(previous + 1)
	}
}

func (m *model) byID(id string) *modelOrder {
	i, err := strconv.Atoi(id)
	if err != nil || i >= len(m.orders) {
		return &modelOrder{}
	}
	return m.orders[i]
}

func (m *model) named(phase downstream.Phase) downstream.Status {
	for _, s := range modelStatuses {
		if s.Phase == phase {
			return s
		}
	}
	return downstream.Status{}
}

// everything is what the model can show.
func everything() Capabilities {
	return Capabilities{
		Faults: Faults(), IdempotencyKeys: true, Isolated: true, MaxTrackingNumbers: -1,
		RetryAfter: 9 * time.Second, Versions: true,
	}
}
