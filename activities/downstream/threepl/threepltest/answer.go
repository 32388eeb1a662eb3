package threepltest

import (
	"maps"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

type answer = standin.Answer

// success answers 200 with hal+json. Documented: that is what the API speaks
// when it is asked for it. Left out: that it speaks otherwise when it is not.
func success(body any) answer {
	return standin.JSON(http.StatusOK, "application/hal+json; charset=utf-8", body)
}

// done answers 204. Documented: operators answer 204 without a body.
func done() answer { return standin.Empty(http.StatusNoContent) }

// empty answers a status without a body. Documented: 401, 404, 412 and 428.
// Guessed: that they have no body.
func empty(status int) answer { return standin.Empty(status) }

// exception answers one of the documented exceptions. Documented: the member
// names, and the form of $type.
func exception(status int, kind, code, hint string, more map[string]any) answer {
	body := map[string]any{
		"$type":     "WMS.V2.Generic.Models.Exceptions." + kind + ", WMS.V2.Generic.Models",
		"ErrorCode": code,
		"Hint":      hint,
	}
	maps.Copy(body, more)
	return standin.JSON(status, "application/json; charset=utf-8", body)
}

// forbidden answers that a role is missing. Documented: 403, and that there is
// an AuthorizationException. Guessed: its code.
func forbidden() answer {
	return exception(http.StatusForbidden, "AuthorizationException", "Denied", "a role is missing", nil)
}

// operation answers that the order's state forbids an operation. Documented:
// 403, the members and the codes.
func operation(code string) answer {
	return exception(http.StatusForbidden, "OperationException", code, "", map[string]any{
		"ActionName": "order", "ActionNameType": 0,
	})
}

// badQuery answers a query parameter that cannot be read. Documented.
func badQuery(parameter, code, hint string) answer {
	return exception(http.StatusBadRequest, "QueryParameterException", code, hint, map[string]any{
		"Parameters": []string{parameter},
	})
}

// badBody answers a body that is not what the API describes. Documented: the
// exception and its codes. Guessed: which code for what.
func badBody(member, code string) answer {
	return exception(http.StatusBadRequest, "ModelValidationException", code, "", map[string]any{
		"ModelType": 0, "Properties": []map[string]string{{"Name": member}},
	})
}

// broken answers a failure of the server. Documented: 500 is plain text.
func broken(status int) answer {
	return standin.Empty(status).With("Content-Type", "text/plain; charset=utf-8").
		WithBody("Server Error: object reference not set, jane.doe@example.com")
}
