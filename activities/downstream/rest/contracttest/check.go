package contracttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// request holds one request to the document. The first result is nil when the
// document has no such operation.
func (c *Checker) request(req *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return nil, fmt.Errorf("no such operation: %w", err)
	}
	input := &openapi3filter.RequestValidationInput{
		Request:    req,
		PathParams: params,
		Route:      route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:                bearer,
			IncludeResponseStatus:             true,
			RejectWhenRequestBodyNotSpecified: true,
			SkipSettingDefaults:               true,
		},
	}
	if err := openapi3filter.ValidateRequest(req.Context(), input); err != nil {
		return input, err
	}
	if route.Operation.RequestBody == nil && len(body) > 0 {
		return input, errors.New("a body that the operation does not have")
	}
	return input, unknownQuery(req, route.PathItem, route.Operation)
}

// bearer accepts any bearer token: whether it is the right one is the server's
// business.
func bearer(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	header := in.RequestValidationInput.Request.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(header, "Bearer "); !ok || token == "" {
		return errors.New("no bearer token")
	}
	return nil
}

// unknownQuery refuses query parameters that the operation does not have, which
// the library lets pass.
func unknownQuery(req *http.Request, item *openapi3.PathItem, op *openapi3.Operation) error {
	for name := range req.URL.Query() {
		if op.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil &&
			item.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("query parameter %q is not in the document", name)
		}
	}
	return nil
}

// answer holds one answer to the document and leaves its body readable.
func (c *Checker) answer(ctx context.Context, input *openapi3filter.RequestValidationInput, resp *http.Response) {
	if c.excuse(resp) {
		return
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	rest := resp.Body
	resp.Body = &replay{Reader: io.MultiReader(bytes.NewReader(body), broken(err), rest), Closer: rest}
	if err != nil {
		c.deviatef(input.Request, "answer %d: the body breaks off: %v", resp.StatusCode, err)
		return
	}
	err = openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                input.Options,
	})
	if err != nil {
		c.deviatef(input.Request, "answer %d: %v", resp.StatusCode, err)
		return
	}
	c.see(input.Route.Operation, resp.StatusCode)
}

// replay is a body that was read and put together again.
type replay struct {
	io.Reader
	io.Closer
}

// broken is a reader that fails with err, or is empty when err is nil.
func broken(err error) io.Reader {
	if err == nil {
		return bytes.NewReader(nil)
	}
	return failing{err}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
