// Redoc makes style elements of its own: the policy lets in those that carry the page's nonce.
const place = document.getElementById("redoc");
const { nonce } = document.currentScript;

// It also shows its maker's logo, fetched from there, in either way there is to say where a picture is. Its maker need
// not know who reads this, and a picture that cannot be shown is left out.
const pictures = HTMLImageElement.prototype;
const address = Object.getOwnPropertyDescriptor(pictures, "src");
pictures.setAttribute = function setAttribute(name, value) {
  const isElsewhere = name === "src" && value.startsWith("https:");
  Element.prototype.setAttribute.call(this, name, isElsewhere ? "data:," : value);
};
Object.defineProperty(pictures, "src", {
  ...address,
  set(value) {
    this.setAttribute("src", value);
  },
});

Redoc.init(place.dataset.schema, { nonce }, place);
