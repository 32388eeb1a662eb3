package overhttp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Token is an access token that has an end.
type Token struct {
	// Value is what goes behind the word Bearer. A secret.
	Value string
	// Life is how long it may be used.
	Life time.Duration
}

// Tokens keeps the access token of one connection and has it renewed. Callers
// that find it too old wait for one new token and do not ask for one each. It
// is safe for concurrent use.
type Tokens struct {
	// Client sends the requests. Required.
	Client *Client
	// Fetch asks the system for a token, for the sake of a call. Its error is
	// the call's. Required.
	Fetch func(ctx context.Context, call Call) (Token, error)
	// Now is the clock. Default time.Now.
	Now func() time.Time

	once  sync.Once
	gate  chan struct{}
	token Token
	until time.Time
}

// Do is Client.Do with the token in the Authorization header. A token that is
// refused, which is what an answer of the kind Unauthorized means, is replaced
// once and the call repeated: it has not been carried out then.
func (t *Tokens) Do(ctx context.Context, call Call) (Answer, error) {
	refused := ""
	for {
		token, err := t.get(ctx, call, refused)
		if err != nil {
			return Answer{}, err
		}
		with := call
		with.Header = call.Header.Clone()
		if with.Header == nil {
			with.Header = http.Header{}
		}
		with.Header.Set("Authorization", "Bearer "+token)
		ans, err := t.Client.Do(ctx, with)
		if err != nil || refused != "" || !downstream.IsKind(t.Client.Check(call, ans), downstream.Unauthorized) {
			return ans, err
		}
		refused = token
	}
}

// Read is Client.Read with the token, as in Do.
func (t *Tokens) Read(ctx context.Context, call Call, into any) (Answer, error) {
	ans, err := t.Do(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	return ans, t.Client.Decode(ctx, call, ans, into)
}

// get returns the token in use or, if it is too old or is the one that was
// refused, a new one.
func (t *Tokens) get(ctx context.Context, call Call, refused string) (string, error) {
	t.once.Do(func() { t.gate = make(chan struct{}, 1) })
	select {
	case t.gate <- struct{}{}:
	case <-ctx.Done():
		return "", t.Client.NoAnswer(ctx, call, ctx.Err())
	}
	defer func() { <-t.gate }()
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	asked := now()
	if t.token.Value != "" && t.token.Value != refused && asked.Before(t.until) {
		return t.token.Value, nil
	}
	t.token = Token{}
	got, err := t.Fetch(ctx, call)
	if err != nil {
		return "", err
	}
	t.token, t.until = got, asked.Add(got.Life)
	return got.Value, nil
}
