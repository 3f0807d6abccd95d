// Conveniences only: every page works without any script. One module a matter.
import "./bulk.js";
import "./forms.js";
import "./keys.js";
import "./palette.js";
import "./panes.js";
import "./presence.js";
import "./register.js";
import "./send.js";
