// Pages work without this. With it, texts can be copied by a button, a refused form says so where
// the keyboard is, a form that the server could not read is filled in again, and one that was sent
// is done once, also by those who go back to it.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

document.getElementById("problems")?.focus();

// The browser loads a page again when somebody goes back to it. Its forms are still the ones that
// were sent from it, and the server does nothing a second time.
const onces = document.querySelectorAll('input[name="form_once"]');
if (onces.length) {
  const { once = onces[0].value } = history.state ?? {};
  history.replaceState({ once }, "");
  for (const each of onces) each.value = once;
}

const NOT_TYPED = ["hidden", "password", "submit", "button"];

const typedIn = (form) => [...form.elements].filter((field) => field.name && !NOT_TYPED.includes(field.type));

function keepTyped(form) {
  const fields = typedIn(form).map(({ name, value, checked }) => ({ name, value, checked }));
  sessionStorage.removeItem("typed");
  try {
    sessionStorage.setItem("typed", JSON.stringify({ action: form.getAttribute("action"), fields }));
  } catch {
    // Larger than what the browser keeps: the form itself still has it.
  }
}

function fillAgain() {
  if (!sessionStorage.getItem("fillAgain")) return;
  sessionStorage.removeItem("fillAgain");
  const { action, fields } = JSON.parse(sessionStorage.getItem("typed") ?? "{}");
  const forms = [...document.querySelectorAll('form[method="post"]')];
  const form = forms.find((each) => each.getAttribute("action") === action);
  typedIn(form ?? { elements: [] }).forEach((field, place) => {
    if (field.name !== fields[place]?.name) return;
    field.value = fields[place].value;
    field.checked = fields[place].checked;
  });
}

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", () => keepTyped(form));
}

const back = document.getElementById("back");
if (back) {
  back.hidden = false;
  back.addEventListener("click", () => {
    sessionStorage.setItem("fillAgain", "on");
    history.back();
  });
} else {
  addEventListener("pageshow", fillAgain);
}
