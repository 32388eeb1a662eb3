package vendure

import (
	"context"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// tokenHeader is where Vendure puts the token of a new session. A server
	// can be told to use another header; none is known that was.
	tokenHeader = "Vendure-Auth-Token" //nolint:gosec // a name, not a credential
	// sessionLife is how long a session is used. Vendure's last a year, and
	// begin anew with each use; one that ended sooner is noticed and replaced.
	sessionLife = 30 * 24 * time.Hour
)

// logIn begins a session for the sake of a call.
func (a *Adapter) logIn(ctx context.Context, c overhttp.Call) (overhttp.Token, error) {
	in := operation(c.Name+": log in", c.Order, logInMutation, variables{
		"username": a.config.Username, "password": a.config.Password,
	})
	ans, err := a.client.Do(ctx, in)
	if err != nil {
		return overhttp.Token{}, err
	}
	if _, err := a.result(ctx, in, ans); err != nil {
		return overhttp.Token{}, err
	}
	token := ans.Header.Get(tokenHeader)
	switch {
	case token == "":
		return overhttp.Token{}, a.client.Fail(in, downstream.Misconfigured, "Vendure accepts the password but gives no token",
			`add "bearer" to authOptions.tokenMethod in the configuration of the server`)
	case !overhttp.IsCredential(token):
		return overhttp.Token{}, a.client.Malformed(in, "the token has a character that no header can carry")
	}
	return overhttp.Token{Value: token, Life: sessionLife}, nil
}
