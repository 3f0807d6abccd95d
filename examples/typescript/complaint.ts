// Registers a complaint, follows it and works it to its close over the API of Redress, with types made from the document the
// server describes itself with. Ends with a code that is not zero when something is not as expected.

import createClient from "openapi-fetch";
import type { paths } from "./generated/redress.js";

declare const process: { env: Record<string, string | undefined> };

/** What must be set in the environment. */
const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

/** Somebody who calls the API with a token of their own. */
const caller = (token: string) =>
  createClient<paths>({
    baseUrl: setting("REDRESS_URL"),
    headers: { authorization: `Bearer ${token}`, "accept-language": "en" },
  });
const desk = caller(setting("REDRESS_TOKEN"));
// Nobody approves a proposal of their own.
const lead = caller(setting("REDRESS_LEAD_TOKEN"));

/** The answer, or why there is none: problem details say what is wrong and the way out. */
const answered = <T>(what: string, { data, error }: { data?: T; error?: unknown }): T => {
  if (data === undefined) throw new Error(`${what}: ${JSON.stringify(error)}`);
  return data;
};
const expect = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`not as expected: ${what}`);
};

const body = {
  kind: "complaint",
  accept_channel: "app",
  category: "B204",
  subject: "Charged for a video service nobody ordered",
  description: "Since July there is a charge on the bill for a service I never ordered.",
  complainant: { name: "Li Na", phone: "13800138000" },
  subscription: { number: "13800138000", product: "mobile" },
} as const;

// What stands against it, without registering anything.
const checked = answered("check", await desk.POST("/api/v1/complaints/check", { body }));
expect(checked.faults?.length === 0, "nothing is wrong with it");

// Registered once, however often the line breaks: the key belongs to this matter.
const key = { header: { "Idempotency-Key": `example-${Date.now()}` } };
const receipt = answered("register", await desk.POST("/api/v1/complaints", { params: key, body }));
const again = answered("register again", await desk.POST("/api/v1/complaints", { params: key, body }));
expect(again.number === receipt.number, "the same key registers nothing more");
console.log(`${receipt.number} registered, ${receipt.clocks.length} clocks run`);

// Each operation names the version it saw; whoever saw an older one is told what happened since.
const id = receipt.id;
const seen = (version: number) => ({ path: { id }, header: { "If-Match": `"${version}"` } });
let version = receipt.version;
const stale = await desk.POST("/api/v1/complaints/{id}/accept", { params: seen(version + 7), body: {} });
expect(stale.response.status >= 400, "an unknown version is refused");

const accepted = await desk.POST("/api/v1/complaints/{id}/accept", { params: seen(version), body: {} });
version = answered("accept", accepted).version;
const outcome = { outcome: "The charge is refunded.", finding: "No order was found." };
const proposed = await desk.POST("/api/v1/complaints/{id}/propose", { params: seen(version), body: outcome });
version = answered("propose", proposed).version;
const approved = await lead.POST("/api/v1/complaints/{id}/approve", { params: seen(version), body: {} });
version = answered("approve", approved).version;
const reply = { mode: "phone", content: "We refund what was charged." } as const;
version = answered("reply", await desk.POST("/api/v1/complaints/{id}/reply", { params: seen(version), body: reply })).version;
const cause = { cause: "BIL.RATE" };
version = answered("cause", await desk.POST("/api/v1/complaints/{id}/set-cause", { params: seen(version), body: cause })).version;
const asked = await desk.POST("/api/v1/complaints/{id}/ask-satisfaction", { params: seen(version), body: { mode: "sms" } });
version = answered("ask", asked).version;
const said = { satisfied: "satisfied", solved: true, timely: true } as const;
const judged = await desk.POST("/api/v1/complaints/{id}/record-satisfaction", { params: seen(version), body: said });
version = answered("record", judged).version;
const confirmed = await desk.POST("/api/v1/complaints/{id}/confirm", { params: seen(version), body: { mode: "phone" } });
version = answered("confirm", confirmed).version;

// What it is waiting for stands in the case.
const open = answered("read", await desk.GET("/api/v1/complaints/{id}", { params: { path: { id } } }));
expect(!open.missing_for_close?.length, `nothing is missing: ${JSON.stringify(open.missing_for_close)}`);
answered("close", await desk.POST("/api/v1/complaints/{id}/close", { params: seen(version), body: {} }));
const closed = answered("read", await desk.GET("/api/v1/complaints/{id}", { params: { path: { id } } }));
expect(closed.status === "closed", closed.status);
const log = answered("events", await desk.GET("/api/v1/complaints/{id}/events", { params: { path: { id } } }));
expect(log.items?.length === closed.version, "one entry of the log a version");
console.log(`${closed.number} ${closed.status} after ${closed.version} entries`);
