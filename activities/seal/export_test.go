package seal

import (
	"context"
	"time"

	"gocloud.dev/secrets"
)

// MaxOpenings is how many opened secrets a Keeper remembers.
const MaxOpenings = maxOpenings

// SetTimeout bounds the calls of every key service of a keeper.
func SetTimeout(k *Keeper, timeout time.Duration) {
	for _, one := range k.remote {
		one.timeout = timeout
	}
}

// Opened returns how many opened secrets a keeper remembers.
func Opened(k *Keeper) int {
	k.opened.mu.Lock()
	defer k.opened.mu.Unlock()
	return len(k.opened.kept)
}

// Redial makes a keeper reach its first key service in another way.
func Redial(k *Keeper, dial func(ctx context.Context) (*secrets.Keeper, func() error, error)) {
	k.remote[0].keeper, k.remote[0].dial = nil, dial
}
