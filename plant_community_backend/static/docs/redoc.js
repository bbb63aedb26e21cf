// Redoc makes style elements of its own: the policy lets in those that carry the page's nonce.
const place = document.getElementById("redoc");
const { nonce } = document.currentScript;
Redoc.init(place.dataset.schema, { nonce }, place);
