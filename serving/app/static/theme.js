// Sets the theme that was chosen before the page is drawn; without a choice it is the system's.
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
