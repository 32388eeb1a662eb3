package bigcommercetest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Account is an API account of the store, such as an app has. Its hooks can be
// seen and changed with its own token only.
type Account struct {
	// Name is what AddAccount was given.
	Name string
	// Email is where the platform writes when it switches off a hook of the
	// account. It is made up from the name.
	Email string
	// ClientID is public: it stands in hooks.
	ClientID string
	// ClientSecret signs the webhooks: its bytes, not decoded, are the HMAC key.
	ClientSecret string
	// AccessToken is the value of the X-Auth-Token header.
	AccessToken string

	may permissions
}

// Email is a message that the platform would have sent.
type Email struct {
	At time.Time
	// To is the address of the account and those of PUT /v3/hooks/admin.
	To       []string
	ClientID string
	HookID   int64
	Subject  string
}

// AddAccount makes an API account with credentials of its own. It may do
// everything unless an option says otherwise.
func (s *Store) AddAccount(name string, opts ...AccountOption) Account {
	a := &Account{
		Name:         name,
		Email:        mailbox(name) + "@example.com",
		ClientID:     randomText(31),
		ClientSecret: randomHex(32),
		AccessToken:  randomText(31),
	}
	for _, opt := range opts {
		opt(&a.may)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.ClientID] = a
	return *a
}

// RevokeAccount deletes an account: its token is refused with 401 from now on
// and, as BigCommerce documents, its hooks are deleted for good. A client id
// that is not known does nothing.
func (s *Store) RevokeAccount(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, clientID)
	maps.DeleteFunc(s.hooks, func(_ int64, h *hook) bool { return h.ClientID == clientID })
	s.poke()
}

// Emails returns the messages that the platform sent, oldest first.
func (s *Store) Emails() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.emails)
}

func (s *Store) accountOfTokenLocked(token string) *Account {
	for _, a := range s.accounts {
		if token != "" && a.AccessToken == token {
			return a
		}
	}
	return nil
}

// mailLocked writes to the account of h and to the addresses that the apps of
// the store registered.
func (s *Store) mailLocked(now time.Time, h *hook, subject string) {
	var to []string
	if a := s.accounts[h.ClientID]; a != nil {
		to = append(to, a.Email)
	}
	to = append(to, s.mailTo...)
	s.emails = record(s.emails, Email{At: now, To: to, ClientID: h.ClientID, HookID: h.ID, Subject: subject})
}

func mailbox(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == ' ', r == '-', r == '_':
			return '-'
		default:
			return -1
		}
	}
	if box := strings.Map(keep, strings.ToLower(name)); box != "" {
		return box
	}
	return "owner"
}
