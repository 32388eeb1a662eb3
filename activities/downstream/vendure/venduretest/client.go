package venduretest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// maxAnswer is how long an answer to the back door may be, in bytes.
const maxAnswer = 16 << 20

const (
	// tokenHeader is where Vendure puts the token of a session that it opened.
	tokenHeader = "Vendure-Auth-Token" //nolint:gosec // The name of a header.
	// keyHeader is where it looks for an API key.
	keyHeader = "Vendure-Api-Key"
)

// client speaks to one of the APIs, in one session.
type client struct {
	http *http.Client
	url  string

	mu    sync.Mutex
	token string
}

func newClient(url string) *client {
	return &client{http: &http.Client{Timeout: callTimeout, Transport: &http.Transport{IdleConnTimeout: idleTimeout}}, url: url}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// failure is one entry of errors in an answer.
type failure struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// do carries a document out and decodes what came of it into result. It fails
// too where one of the fields at the top is one of Vendure's error results, of
// which the document must ask for __typename and errorCode: see problem.
func (c *client) do(ctx context.Context, document string, variables map[string]any, result any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	c.mu.Lock()
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	c.mu.Unlock()
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if token := resp.Header.Get(tokenHeader); token != "" {
		c.mu.Lock()
		c.token = token
		c.mu.Unlock()
	}
	return decode(resp.StatusCode, raw, result)
}

func decode(status int, raw []byte, result any) error {
	var answer struct {
		Data   map[string]json.RawMessage `json:"data"`
		Errors []failure                  `json:"errors"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("status %d: %w", status, err)
	}
	var errs []error
	for _, e := range answer.Errors {
		errs = append(errs, fmt.Errorf("status %d: %s: %s", status, e.Extensions.Code, e.Message))
	}
	for name, field := range answer.Data {
		var problem struct {
			Code string `json:"errorCode"`
		}
		// What is no object is no error result.
		if json.Unmarshal(field, &problem) == nil && problem.Code != "" {
			errs = append(errs, fmt.Errorf("%s: %s", name, problem.Code))
		}
	}
	if len(errs) > 0 || result == nil {
		return errors.Join(errs...)
	}
	data, err := json.Marshal(answer.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, result)
}

// problem is what to ask of every field that can be an error result.
const problem = `__typename ... on ErrorResult { errorCode }`

func (c *client) login(ctx context.Context, username, password string) error {
	return c.do(ctx, `mutation ($username: String!, $password: String!) {
		login(username: $username, password: $password) { `+problem+` }
	}`, map[string]any{"username": username, "password": password}, nil)
}

// fields joins the fields of one document, which Vendure carries out in their
// order when it is a mutation.
func fields(kind, signature string, parts []string) string {
	return kind + " (" + signature + ") {\n" + strings.Join(parts, "\n") + "\n}"
}
