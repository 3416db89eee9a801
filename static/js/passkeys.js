// Says on the page what the browser refused, and offers passkeys only where the browser knows them.
document.addEventListener("DOMContentLoaded", () => {
  const trouble = document.getElementById("passkey_trouble");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    if (trouble) trouble.hidden = false;
  });
  if (!window.PublicKeyCredential) {
    for (const offer of document.querySelectorAll("[data-passkey]")) offer.hidden = true;
  }
});
