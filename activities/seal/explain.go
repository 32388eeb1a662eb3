package seal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/hashicorp/vault/api"
	"gocloud.dev/gcerrors"
	"google.golang.org/grpc/status"
)

// explain turns the error of a key service into ErrUnavailable with a cause. It
// passes on no text of an answer: it may repeat what was sent.
func (k *key) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case !k.remote():
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %s: no answer within %s", ErrUnavailable, k.service, k.timeout)
	default:
		return fmt.Errorf("%w: %s: %s", ErrUnavailable, k.service, cause(err))
	}
}

// word matches the codes by which services name their errors.
var word = regexp.MustCompile(`^[A-Za-z]{1,60}$`)

// cause says in some words why a call failed.
func cause(err error) string {
	code := gcerrors.Code(err)
	if code == gcerrors.PermissionDenied {
		return "access is denied: check the credentials of this process, and what they may do with the key"
	}
	if code == gcerrors.NotFound {
		return "there is no such key: check its URL"
	}
	if answer, ok := errors.AsType[*api.ResponseError](err); ok {
		return fmt.Sprintf("it answers %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return fmt.Sprintf("it answers %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	if answer, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		if name := answer.ErrorCode(); word.MatchString(name) {
			return "it answers " + name
		}
		return "it answers with an error"
	}
	if answer, ok := status.FromError(err); ok {
		return "it answers " + answer.Code().String()
	}
	if code != gcerrors.Unknown {
		return "it answers " + code.String()
	}
	return firstLine(err)
}

// maxCause bounds the text of an error that was made in this process.
const maxCause = 300

// firstLine returns the beginning of an error of a client: that the service
// cannot be reached, or that there are no credentials. Clients put what was
// answered, if anything, on further lines.
func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "secrets (code=Unknown): "), "\n")
	if len(line) > maxCause {
		line = strings.ToValidUTF8(line[:maxCause], "") + "…"
	}
	return line
}
