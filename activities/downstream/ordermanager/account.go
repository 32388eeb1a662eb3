package ordermanager

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
	"weak"

	"golang.org/x/time/rate"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// account is what all adapters of a process that use one token share.
type account struct {
	limiter *rate.Limiter
	orders  overhttp.Locks
}

// accounts holds every account that an Adapter still uses, and no token.
var (
	accountsMu sync.Mutex
	accounts   = map[[sha256.Size]byte]weak.Pointer[account]{}
)

// accountOf returns the account of a token and sets its limit.
func accountOf(base, token string, perSecond float64) *account {
	key := sha256.Sum256([]byte(base + "\n" + token))
	accountsMu.Lock()
	defer accountsMu.Unlock()
	for k, p := range accounts {
		if p.Value() == nil {
			delete(accounts, k)
		}
	}
	if shared := accounts[key].Value(); shared != nil {
		shared.limiter.SetLimit(rate.Limit(perSecond))
		return shared
	}
	// A burst of one keeps the requests at even distances. A greater one would
	// let twice the limit through in the first second, for the sake of a wait
	// that is no longer than a request takes.
	made := &account{limiter: rate.NewLimiter(rate.Limit(perSecond), 1)}
	accounts[key] = weak.Make(made)
	return made
}

// pace waits until a request may be sent. When that would be after the context's
// deadline it returns at once, with how long it would have been.
func (a *account) pace(ctx context.Context) (tooLong time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	turn := a.limiter.Reserve()
	delay := turn.Delay()
	if delay == 0 {
		return 0, nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
		turn.Cancel()
		return delay, nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0, nil
	case <-ctx.Done():
		turn.Cancel()
		return 0, ctx.Err()
	}
}
