package bigcommercetest

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"regexp"
	"time"
)

// Plan is how many API requests a store may get in 30 seconds, from all its apps
// together.
type Plan int

// The quotas that BigCommerce documents for its plans.
const (
	// PlanStandard is the quota of the Standard and Plus plans (now Core and Growth).
	PlanStandard Plan = 150
	// PlanPro is the quota of the Pro plan (now Scale).
	PlanPro Plan = 450
	// PlanUnlimited is a store whose contract sets no limit. The number that the
	// platform shows in that case is not documented; this one is chosen.
	PlanUnlimited Plan = math.MaxInt32
)

const (
	// defaultDeliveryTimeout was measured: answers after 9 seconds were taken,
	// answers after 12 were not, and the retry came 71 seconds after the first try.
	defaultDeliveryTimeout = 11 * time.Second
	defaultListenAddress   = "127.0.0.1:0"
	defaultMaxInFlight     = 16
)

var storeHashPattern = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// Option changes a default of [New] or [Start].
type Option func(*settings)

type settings struct {
	deliveryTimeout  time.Duration
	frozen           bool
	frozenAt         time.Time
	hash             string
	hookDelay        time.Duration
	httpDestinations bool
	listenAddress    string
	logger           *slog.Logger
	maxInFlight      int
	plan             Plan
	seed             *int64
	transport        http.RoundTripper
	verbose          bool
}

func defaultSettings() settings {
	return settings{
		deliveryTimeout: defaultDeliveryTimeout,
		listenAddress:   defaultListenAddress,
		logger:          slog.New(slog.DiscardHandler),
		maxInFlight:     defaultMaxInFlight,
		plan:            PlanPro,
	}
}

func (o settings) validate() error {
	var errs []error
	if o.hash != "" && !storeHashPattern.MatchString(o.hash) {
		errs = append(errs, fmt.Errorf("store hash %q must be 1 to 32 lower-case letters and digits", o.hash))
	}
	if o.deliveryTimeout <= 0 {
		errs = append(errs, fmt.Errorf("delivery time-out %s must be above zero", o.deliveryTimeout))
	}
	if o.hookDelay < 0 {
		errs = append(errs, fmt.Errorf("hook delay %s must not be below zero", o.hookDelay))
	}
	if o.maxInFlight < 1 {
		errs = append(errs, fmt.Errorf("%d deliveries in flight must be at least 1", o.maxInFlight))
	}
	if o.plan < 1 {
		errs = append(errs, fmt.Errorf("plan of %d requests in 30 seconds must be at least 1", o.plan))
	}
	return errors.Join(errs...)
}

// WithDeliveryTimeout sets how long a delivery waits for the receiver's answer,
// in real time. The default is 11 seconds, as measured on the platform.
func WithDeliveryTimeout(d time.Duration) Option {
	return func(o *settings) { o.deliveryTimeout = d }
}

// WithFrozenClock stops the store's clock at the present time; only
// [Clock.Advance] and [Store.Elapse] move it.
func WithFrozenClock() Option { return WithFrozenClockAt(time.Time{}) }

// WithFrozenClockAt stops the store's clock at a time of your choice, truncated
// to the second. The zero time is the present.
func WithFrozenClockAt(at time.Time) Option {
	return func(o *settings) { o.frozen, o.frozenAt = true, at }
}

// WithHash sets the store hash, which is part of every API path. The default is
// a random one of ten characters.
func WithHash(hash string) Option {
	return func(o *settings) { o.hash = hash }
}

// WithHookDelay makes new and changed hooks work only after d on the store's
// clock; until then the hook as it was before is in force. BigCommerce documents
// up to one minute. The default is zero.
func WithHookDelay(d time.Duration) Option {
	return func(o *settings) { o.hookDelay = d }
}

// WithHTTPDestinations lets hooks point to http URLs and to any port, as
// receivers on loopback need. By default only https on port 443 is taken, as
// BigCommerce documents.
func WithHTTPDestinations() Option {
	return func(o *settings) { o.httpDestinations = true }
}

// WithListenAddress sets the address that the API listens on. The default,
// "127.0.0.1:0", is a free port of loopback.
func WithListenAddress(address string) Option {
	return func(o *settings) { o.listenAddress = address }
}

// WithLogger makes the store log to l: deliveries at Debug, failed deliveries at
// Info, hooks switched off and domains blocked at Warn. By default it logs
// nothing, also with a nil l.
func WithLogger(l *slog.Logger) Option {
	return func(o *settings) {
		if l != nil {
			o.logger = l
		}
	}
}

// WithMaxInFlight bounds the deliveries under way at a time. The default is 16;
// with 1 they arrive in the order in which they became due.
func WithMaxInFlight(n int) Option {
	return func(o *settings) { o.maxInFlight = n }
}

// WithPlan sets the request quota. The default is [PlanPro].
func WithPlan(p Plan) Option {
	return func(o *settings) { o.plan = p }
}

// WithSeed makes what the store draws by chance (made-up orders, random faults,
// shuffled deliveries) the same in each run. Hashes of events, ids of accounts
// and tokens differ in any case. The default is a seed of chance.
func WithSeed(seed int64) Option {
	return func(o *settings) { o.seed = &seed }
}

// WithTransport sets what carries deliveries, for example one that trusts the
// certificate of an httptest.Server. The default is a transport of the store's
// own that uses no proxy.
func WithTransport(t http.RoundTripper) Option {
	return func(o *settings) { o.transport = t }
}

// WithVerbose makes a store of [New] log all that [WithLogger] describes to the
// test's log. It does nothing for a store of [Start].
func WithVerbose() Option {
	return func(o *settings) { o.verbose = true }
}
