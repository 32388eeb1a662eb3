package shipstation

import (
	"crypto/sha256"
	"sync"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// account is what the adapters of one process that use one API key share.
type account struct {
	orders overhttp.Locks
	quota  quota
}

// accounts lasts as long as the process: a few bytes for each API key that was
// ever used, and no doubt about how many requests were made with it when a
// channel's adapter is made anew.
var accounts = struct {
	sync.Mutex

	byKey map[[sha256.Size]byte]*account
}{byKey: map[[sha256.Size]byte]*account{}}

// accountOf returns the account of an API key. The key itself is not kept.
func accountOf(baseURL, apiKey string) *account {
	name := sha256.Sum256([]byte(baseURL + "\n" + apiKey))
	accounts.Lock()
	defer accounts.Unlock()
	found, ok := accounts.byKey[name]
	if !ok {
		found = &account{}
		accounts.byKey[name] = found
	}
	return found
}
