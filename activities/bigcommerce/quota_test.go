package bigcommerce_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// quotaStore is a store whose quota a test sets, with a clock that it moves.
type quotaStore struct {
	*storeServer
	clock *clockwork.FakeClock
	quota *bigcommerce.Quota

	mu      sync.Mutex
	status  int
	headers []string
}

func setupQuota(t *testing.T, reserve int) *quotaStore {
	t.Helper()
	store := &quotaStore{clock: clockwork.NewFakeClock(), quota: bigcommerce.NewQuota(reserve), status: http.StatusOK}
	store.storeServer = setup(t, func(w http.ResponseWriter, r *http.Request) {
		store.mu.Lock()
		defer store.mu.Unlock()
		answer(store.status, `{"time":1767323045}`, store.headers...)(w, r)
	}, func(c *bigcommerce.Config) { c.Clock, c.Quota = store.clock, store.quota })
	return store
}

// answers sets what the store answers from now on.
func (s *quotaStore) answers(status int, headers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.headers = status, headers
}

func quotaHeaders(left int, reset time.Duration) []string {
	return []string{
		"x-rate-limit-requests-left", strconv.Itoa(left), "X-RATE-LIMIT-REQUESTS-QUOTA", "150",
		"X-Rate-Limit-Time-Window-Ms", "30000", "X-Rate-Limit-Time-Reset-Ms", strconv.FormatInt(reset.Milliseconds(), 10),
	}
}

func (s *quotaStore) requireSent(t *testing.T) {
	t.Helper()
	before := len(s.received())
	_, err := s.client.Time(t.Context())
	require.NoError(t, err)
	require.Len(t, s.received(), before+1)
}

func (s *quotaStore) requireHeldBack(t *testing.T, wait time.Duration) {
	t.Helper()
	before := len(s.received())
	_, err := s.client.Time(t.Context())
	failure := requireError(t, err, bigcommerce.RateLimited)
	require.Equal(t, wait, failure.RetryAfter)
	require.Zero(t, failure.StatusCode)
	require.Len(t, s.received(), before)
}

func TestQuota(t *testing.T) {
	t.Parallel()

	t.Run("remembers the newest answer", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		require.Zero(t, store.quota.State())
		store.answers(http.StatusOK, quotaHeaders(149, 20*time.Second)...)
		store.requireSent(t)
		require.Equal(t, bigcommerce.QuotaState{
			Known: true, Limit: 150, Left: 149, Window: 30 * time.Second, ResetAt: store.clock.Now().Add(20 * time.Second),
		}, store.quota.State())
		store.answers(http.StatusOK) // Says nothing, so nothing changes.
		store.requireSent(t)
		require.Equal(t, 149, store.quota.State().Left)
	})

	t.Run("holds back until the window ends", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusOK, quotaHeaders(0, 20*time.Second)...)
		store.requireSent(t)
		store.requireHeldBack(t, 20*time.Second)
		store.clock.Advance(19 * time.Second)
		store.requireHeldBack(t, time.Second)
		store.clock.Advance(time.Second)
		store.requireSent(t)
	})

	t.Run("failed answers count as well", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusNotFound, quotaHeaders(0, time.Second)...)
		_, err := store.client.Time(t.Context())
		requireKind(t, err, bigcommerce.NotFound)
		store.requireHeldBack(t, time.Second)
	})

	t.Run("a share that grows again", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		for _, left := range []int{3, 1, 40} {
			store.answers(http.StatusOK, quotaHeaders(left, 10*time.Second)...)
			store.requireSent(t)
			require.Equal(t, left, store.quota.State().Left)
		}
	})

	t.Run("leaves the reserve", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 5)
		store.answers(http.StatusOK, quotaHeaders(6, 10*time.Second)...)
		store.requireSent(t)
		store.answers(http.StatusOK, quotaHeaders(5, 10*time.Second)...)
		store.requireSent(t)
		store.requireHeldBack(t, 10*time.Second)
	})

	t.Run("a reserve larger than the quota", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 1000)
		store.answers(http.StatusOK, quotaHeaders(149, 10*time.Second)...)
		store.requireSent(t)
		store.requireHeldBack(t, 10*time.Second)
		store.clock.Advance(10 * time.Second)
		store.requireSent(t)
	})

	t.Run("429 closes it whatever is left", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusTooManyRequests, append(quotaHeaders(12, 5*time.Second), "X-Retry-After", "9")...)
		_, err := store.client.Time(t.Context())
		require.Equal(t, 9*time.Second, requireError(t, err, bigcommerce.RateLimited).RetryAfter)
		store.requireHeldBack(t, 9*time.Second)
		store.clock.Advance(9 * time.Second)
		store.answers(http.StatusOK)
		store.requireSent(t)
	})

	t.Run("overload is not the quota's business", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusTooManyRequests)
		for range 2 {
			_, err := store.client.Time(t.Context())
			requireKind(t, err, bigcommerce.Overloaded)
		}
		require.Len(t, store.received(), 2)
	})

	t.Run("left without an end of the window", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusOK, "X-Rate-Limit-Requests-Left", "0")
		store.requireSent(t)
		store.requireSent(t)
	})

	t.Run("unreadable headers", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusOK, "X-Rate-Limit-Requests-Left", "few", "X-Rate-Limit-Time-Reset-Ms", "NaN")
		store.requireSent(t)
		require.Zero(t, store.quota.State())
	})

	t.Run("an unknown limit does not close it for good", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		store.answers(http.StatusOK, "X-Rate-Limit-Requests-Left", "0", "X-Rate-Limit-Time-Reset-Ms", "1000")
		store.requireSent(t)
		store.requireHeldBack(t, time.Second)
		store.clock.Advance(time.Second)
		store.requireSent(t)
	})

	t.Run("failed connections give their place back", func(t *testing.T) {
		t.Parallel()
		store := setupQuota(t, 0)
		broken := setup(t, hangUp(t, ""), func(c *bigcommerce.Config) { c.Clock, c.Quota = store.clock, store.quota })
		store.answers(http.StatusOK, quotaHeaders(1, 10*time.Second)...)
		store.requireSent(t)
		for range 3 {
			_, err := broken.client.Time(t.Context())
			requireKind(t, err, bigcommerce.Unavailable)
		}
		require.Zero(t, store.quota.State().InFlight)
		store.requireSent(t)
	})
}

// Two clients of one store share its quota, and requests under way count before
// they are answered.
func TestQuotaShared(t *testing.T) {
	t.Parallel()
	quota := bigcommerce.NewQuota(0)
	clock := clockwork.NewFakeClock()
	arrived, release := make(chan struct{}), make(chan struct{})
	left := make(chan int, 10)
	handle := func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		answer(http.StatusOK, `{"time":1767323045}`, quotaHeaders(<-left, 10*time.Second)...)(w, r)
	}
	share := func(c *bigcommerce.Config) { c.Quota, c.Clock = quota, clock }
	first, second := setup(t, handle, share), setup(t, handle, share)
	results := make(chan error, 10)
	call := func(client *bigcommerce.Client) {
		_, err := client.Time(t.Context())
		results <- err
	}
	// answerOne answers one of the requests that arrived.
	answerOne := func(n int) {
		left <- n
		release <- struct{}{}
		require.NoError(t, <-results)
	}

	go call(first.client)
	<-arrived
	answerOne(2)

	go call(first.client)
	<-arrived
	go call(second.client)
	<-arrived
	require.Equal(t, 2, quota.State().InFlight)
	_, err := second.client.Time(t.Context())
	requireKind(t, err, bigcommerce.RateLimited)

	answerOne(1)
	answerOne(0)
	require.Zero(t, quota.State().InFlight)
	_, err = first.client.Time(t.Context())
	require.Equal(t, 10*time.Second, requireError(t, err, bigcommerce.RateLimited).RetryAfter)
}

func TestQuotaConcurrentUse(t *testing.T) {
	t.Parallel()
	store := setupQuota(t, 0)
	store.answers(http.StatusOK, quotaHeaders(100, time.Minute)...)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 5 {
				_, err := store.client.Time(t.Context())
				if err != nil {
					t.Errorf("unexpected: %v", err)
				}
			}
		})
	}
	group.Wait()
	require.Len(t, store.received(), 100)
	require.Zero(t, store.quota.State().InFlight)
	require.Equal(t, 100, store.quota.State().Left)
}
