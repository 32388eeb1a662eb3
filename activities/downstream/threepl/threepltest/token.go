package threepltest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is how large a request's body may be, in bytes. Guessed.
const maxBody = 64 << 10

// issueToken answers a token request. Documented: the path, Basic with the
// client id and secret, the JSON body and the members of the answer. Guessed:
// the refusals, after RFC 6749.
func (s *System) issueToken(r *http.Request) answer {
	refuse := func(status int, code string) answer {
		a := success(map[string]string{"error": code})
		a.Status = status
		return a.With("Content-Type", "application/json; charset=utf-8")
	}
	id, secret, ok := r.BasicAuth()
	if !ok || s.faults.switches.Revoked.Get() || id != s.ClientID ||
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.ClientSecret)) != 1 {
		return refuse(http.StatusUnauthorized, "invalid_client")
	}
	var body struct {
		GrantType string `json:"grant_type"`
		TPL       string `json:"tpl"`
		UserLogin string `json:"user_login"`
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	switch {
	case err != nil || !isJSON(r) || json.Unmarshal(raw, &body) != nil:
		return refuse(http.StatusBadRequest, "invalid_request")
	case body.GrantType != "client_credentials":
		return refuse(http.StatusBadRequest, "unsupported_grant_type")
	case body.UserLogin != s.UserLogin, body.TPL != "" && body.TPL != s.TPL:
		return refuse(http.StatusBadRequest, "invalid_request")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := rand.Text()
	s.issued++
	s.tokens[token] = s.now().Add(s.tokenLife)
	return success(map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int64(s.tokenLife / time.Second),
		"refresh_token": nil, "scope": nil,
	}).With("Content-Type", "application/json; charset=utf-8")
}

// authenticated reports whether a request carries a token that is valid.
// Documented: Bearer, and 401 without.
func (s *System) authenticated(r *http.Request) bool {
	token, ok := bearer(r)
	if !ok || s.faults.switches.Revoked.Get() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.tokens[token]
	return ok && s.now().Before(until)
}

func bearer(r *http.Request) (string, bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// expire ends the life of a request's token.
func (s *System) expire(r *http.Request) {
	token, _ := bearer(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
}

// ExpireTokens ends the life of every token that was issued.
func (s *System) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// TokensIssued returns how many tokens were issued.
func (s *System) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}
