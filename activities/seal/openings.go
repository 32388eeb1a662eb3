package seal

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"
)

// maxOpenings bounds how many opened secrets are remembered: a channel has
// three, so it is enough for a thousand channels. More take some hundred bytes
// each, and one that was dropped is opened again.
const maxOpenings = 4096

// openings remembers secrets that a key service has opened, because each call
// of one takes milliseconds and costs money, and every signed webhook needs a
// secret. What local keys opened is not remembered: they are as fast as this,
// and a secret should lie about in no more places than it must.
//
// Nothing expires: whoever has used a secret, a client of a store for example,
// keeps it for as long. To take a key away from a process, end the process.
type openings struct {
	flight singleflight.Group

	mu sync.Mutex
	// kept has the opened secrets by the hash of what was sealed.
	kept map[[sha256.Size]byte]string
}

// get returns what was sealed, as open opens it. Those who want the same
// secret at the same time share one call.
func (o *openings) get(ctx context.Context, sealed Sealed, open func(ctx context.Context) (string, error)) (string, error) {
	hash := sha256.Sum256(sealed)
	if plain, ok := o.find(hash); ok {
		return plain, nil
	}
	// The call has a deadline and a context of its own: one caller that goes
	// away must not fail the others.
	result := o.flight.DoChan(string(hash[:]), func() (any, error) {
		if plain, ok := o.find(hash); ok {
			return plain, nil // a call has ended meanwhile
		}
		plain, err := open(context.WithoutCancel(ctx))
		if err == nil {
			o.keep(hash, plain)
		}
		return plain, err
	})
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("open secret: %w", ctx.Err())
	case opened := <-result:
		plain, _ := opened.Val.(string)
		return plain, opened.Err
	}
}

func (o *openings) find(hash [sha256.Size]byte) (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	plain, ok := o.kept[hash]
	return plain, ok
}

func (o *openings) keep(hash [sha256.Size]byte, plain string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kept == nil {
		o.kept = map[[sha256.Size]byte]string{}
	}
	for other := range o.kept {
		if len(o.kept) < maxOpenings {
			break
		}
		delete(o.kept, other) // any of them: which one matters little
	}
	o.kept[hash] = plain
}

// forget drops all that is remembered.
func (o *openings) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.kept)
}
