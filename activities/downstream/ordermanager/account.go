package ordermanager

import (
	"crypto/sha256"
	"sync"
	"weak"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// account is what all adapters of a process that use one token share.
type account struct {
	orders overhttp.Locks
	queue  queue
}

// accounts holds every account that an Adapter still uses, and no token.
var (
	accountsMu sync.Mutex
	accounts   = map[[sha256.Size]byte]weak.Pointer[account]{}
)

// accountOf returns the account of a token. An account has no limit of its own:
// whoever sends a request says how far the next one must be from it. So an
// adapter that is made to try out a channel's settings changes nothing for those
// that work, except that they keep its distance after its one request.
func accountOf(base, token string) *account {
	key := sha256.Sum256([]byte(base + "\n" + token))
	accountsMu.Lock()
	defer accountsMu.Unlock()
	for k, p := range accounts {
		if p.Value() == nil {
			delete(accounts, k)
		}
	}
	if shared := accounts[key].Value(); shared != nil {
		return shared
	}
	made := &account{}
	accounts[key] = weak.Make(made)
	return made
}
