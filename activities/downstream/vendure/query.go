package vendure

import "strings"

// queries are the documents that name the channel order number. They ask for
// nothing about the customer.
type queries struct {
	filter, number string
}

// newQueries makes the documents for a field, which is a name of GraphQL.
func newQueries(field string) queries {
	q := queries{filter: field, number: "customFields { number: " + field + " }"}
	if field == FieldCode {
		q.number = "number: code"
	}
	return q
}

// fill puts the field into a document.
func (q queries) fill(document string) string {
	return strings.NewReplacer("FILTER", q.filter, "NUMBER", q.number).Replace(document) + orderState
}

// orderState is all that is looked at of an order. How often the state changed
// is asked of the order's history: nothing else counts changes.
const orderState = `
fragment OrderState on Order {
  id
  state
  updatedAt
  nextStates
  lines { id quantity }
  fulfillments { id state trackingCode lines { orderLineId quantity } }
  history(options: {take: 1, filter: {type: {eq: "ORDER_STATE_TRANSITION"}}}) { totalItems }
}`

// find asks for a page of the orders that have a number, oldest first: a new
// one then moves none to another page.
func (q queries) find() string {
	return q.fill(`query FindOrder($number: String!, $take: Int!, $skip: Int!) {
  orders(options: {take: $take, skip: $skip, sort: {id: ASC}, filter: {FILTER: {eq: $number}}}) {
    totalItems
    items { NUMBER ...OrderState }
  }
}`)
}

func (q queries) read() string {
	return q.fill(`query ReadOrder($id: ID!) {
  order(id: $id) { NUMBER ...OrderState }
}`)
}

// probe asks for as little as possible of what the other documents need. A
// session can say, too, what it may do.
func (q queries) probe(session bool) string {
	permissions := ""
	if session {
		permissions = `
  me { channels { token permissions } }
  activeChannel { token }`
	}
	return strings.ReplaceAll(`query Probe($number: String!) {
  orders(options: {take: 1, filter: {FILTER: {eq: $number}}}) { totalItems }`+permissions+`
}`, "FILTER", q.filter)
}

// sessionQuery needs a session, or a key, and no permission.
const sessionQuery = `query Session {
  activeChannel { id }
}`

const logInMutation = `mutation LogIn($username: String!, $password: String!) {
  login(username: $username, password: $password) {
    __typename
    ... on ErrorResult { errorCode }
  }
}`

const cancelMutation = `mutation CancelOrder($id: ID!, $reason: String) {
  cancelOrder(input: {orderId: $id, reason: $reason, cancelShipping: true}) {
    __typename
    ... on ErrorResult { errorCode }
  }
}`

const addMutation = `mutation AddFulfillment($lines: [OrderLineInput!]!, $handler: ConfigurableOperationInput!) {
  addFulfillmentToOrder(input: {lines: $lines, handler: $handler}) {
    __typename
    ... on Fulfillment { id }
    ... on ErrorResult { errorCode }
  }
}`

const shipMutation = `mutation ShipFulfillment($id: ID!) {
  transitionFulfillmentToState(id: $id, state: "Shipped") {
    __typename
    ... on ErrorResult { errorCode }
  }
}`
