// Says that this post was opened; nobody is told by whom. See docs/api/blog.md.
navigator.sendBeacon?.(document.currentScript.dataset.address);
