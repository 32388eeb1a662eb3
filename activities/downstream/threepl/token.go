package threepl

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// maxTokenAge is when a token is replaced at the latest. The vendor's articles
// let tokens live 30 to 60 minutes and recommend a new one every 30.
const maxTokenAge = 30 * time.Minute

// tokens is the access token in use. Who holds the gate may look at it and
// replace it, so that callers who find it too old ask for one new token and not
// for one each.
type tokens struct {
	gate  chan struct{}
	value string
	until time.Time
}

func newTokens() tokens { return tokens{gate: make(chan struct{}, 1)} }

type tokenRequest struct {
	GrantType string `json:"grant_type"`
	TPL       string `json:"tpl,omitempty"`
	UserLogin string `json:"user_login"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"`
	TokenType   string `json:"token_type"`
}

// token returns an access token for a call: the one in use or, if it is too
// old or is the one that was refused, a new one.
func (a *Adapter) token(ctx context.Context, c call, refused string) (string, error) {
	select {
	case a.tokens.gate <- struct{}{}:
	case <-ctx.Done():
		return "", a.noAnswer(ctx, c, ctx.Err())
	}
	defer func() { <-a.tokens.gate }()
	if t := &a.tokens; t.value != "" && t.value != refused && a.now().Before(t.until) {
		return t.value, nil
	}
	a.tokens.value = ""
	asked := a.now()
	got, err := a.fetchToken(ctx, call{
		name: c.name + ": fetch an access token", order: c.order, method: http.MethodPost, path: tokenPath,
	})
	if err != nil {
		return "", err
	}
	a.tokens.value, a.tokens.until = got.AccessToken, asked.Add(got.life())
	return got.AccessToken, nil
}

// fetchToken asks for a token with the credentials.
func (a *Adapter) fetchToken(ctx context.Context, c call) (tokenAnswer, error) {
	var err error
	c.body, err = json.Marshal(tokenRequest{
		GrantType: "client_credentials", TPL: a.config.TPL, UserLogin: a.config.UserLogin,
	})
	if err != nil {
		return tokenAnswer{}, a.fail(c, downstream.Misconfigured, "the user login cannot be written as JSON", adviseCredentials)
	}
	ans, err := a.attempt(ctx, c, func(req *http.Request) {
		req.SetBasicAuth(a.config.ClientID, a.config.ClientSecret)
		req.Header.Set("Accept", "application/json")
	})
	var got tokenAnswer
	switch {
	case err != nil:
		return tokenAnswer{}, err
	case ans.status == http.StatusBadRequest, ans.status == http.StatusUnauthorized, ans.status == http.StatusForbidden:
		// How the vendor puts it is not documented. Each of them says that
		// these credentials get no token.
		return tokenAnswer{}, a.failStatus(c, ans, downstream.Unauthorized,
			"the credentials are not accepted", adviseCredentials)
	}
	if err := a.decode(ctx, c, ans, &got); err != nil {
		return tokenAnswer{}, err
	}
	if !isCredential(got.AccessToken) || (got.TokenType != "" && !strings.EqualFold(got.TokenType, "Bearer")) {
		return tokenAnswer{}, a.malformed(c, "the answer holds no bearer token")
	}
	return got, nil
}

// life is how long a token is used: until a tenth of its life is left, and not
// beyond maxTokenAge. Without a life of its own it gets maxTokenAge; if that was
// too long, the 401 replaces it.
func (t tokenAnswer) life() time.Duration {
	if t.ExpiresIn <= 0 || t.ExpiresIn > int64(24*time.Hour/time.Second) {
		return maxTokenAge
	}
	whole := time.Duration(t.ExpiresIn) * time.Second
	return min(whole-whole/10, maxTokenAge)
}
