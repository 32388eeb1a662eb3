package threepl

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxTokenAge is when a token is replaced at the latest. The vendor's articles
// let tokens live 30 to 60 minutes and recommend a new one every 30.
const maxTokenAge = 30 * time.Minute

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

// fetchToken asks for a token with the credentials.
func (a *Adapter) fetchToken(ctx context.Context, c overhttp.Call) (overhttp.Token, error) {
	c = overhttp.Call{
		Name: c.Name + ": fetch an access token", Order: c.Order, Method: http.MethodPost, Route: routeToken,
		Header: http.Header{
			"Accept":        {"application/json"},
			"Authorization": {overhttp.Basic(a.config.ClientID, a.config.ClientSecret)},
		},
		JSON: tokenRequest{GrantType: "client_credentials", TPL: a.config.TPL, UserLogin: a.config.UserLogin},
	}
	var got tokenAnswer
	if _, err := a.client.Read(ctx, c, &got); err != nil {
		return overhttp.Token{}, err
	}
	if !overhttp.IsCredential(got.AccessToken) || (got.TokenType != "" && !strings.EqualFold(got.TokenType, "Bearer")) {
		return overhttp.Token{}, a.client.Malformed(c, "the answer holds no bearer token")
	}
	return overhttp.Token{Value: got.AccessToken, Life: got.life()}, nil
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
