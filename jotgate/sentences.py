"""Every sentence that a visitor reads, in English and under a key; pages, JSON, mails and cards have no others.

Children, parents and secretaries read them: what to do comes first, then why. A sentence never tells a stranger more
than the reason does. What stands in braces is filled in.

``refused.*`` are the reasons for a refusal, and ``state.*`` what became of a form: a title without a full stop, and
a remedy. ``remedy_at`` says the same where the moment is known, ``remedy_in`` where the wait is. The sentences below
``app.`` replace the others for somebody whom an app sent, and who never had a code.
"""

from __future__ import annotations

from collections.abc import Mapping

_REFUSED = {
    "refused.unknown_code.title": "We do not know this code",
    "refused.unknown_code.remedy": "Compare it with your card or letter, and type it again. "
    "If it still does not work, ask the person who gave it to you.",
    "refused.mistyped.title": "This code has a typing mistake",
    "refused.mistyped.remedy": "Compare it with your card or letter, and correct it. "
    "Typing mistakes do not count against you.",
    "refused.mistyped.empty.title": "Please type your code",
    "refused.mistyped.empty.remedy": "You find it on your card or in your letter. It has twelve letters and digits.",
    "refused.mistyped.too_short.title": "This code is too short",
    "refused.mistyped.too_short.remedy": "Compare it with your card or letter, and add what is missing. "
    "A code has twelve letters and digits, in three groups of four.",
    "refused.mistyped.too_long.title": "This code is too long",
    "refused.mistyped.too_long.remedy": "Compare it with your card or letter, and take out what is too much. "
    "A code has twelve letters and digits, in three groups of four.",
    "refused.mistyped.foreign_symbol.title": "One character in this code cannot be right",
    "refused.mistyped.foreign_symbol.remedy": "Compare the code with your card or letter, and correct that "
    "character. A code has only digits and the letters A to Z. It never has a U: that may be a V.",
    "refused.mistyped.two_readings.title": "One letter in this code can be read in two ways",
    "refused.mistyped.two_readings.remedy": "Switch your keyboard to the letters A to Z, and type the code again. "
    "It holds a letter of another alphabet that looks like two of ours.",
    "refused.mistyped.check_failed.title": "This code has a typing mistake",
    "refused.mistyped.check_failed.remedy": "Compare it with your card or letter, group by group, and correct it. "
    "One or two characters are wrong, or they have changed places. Typing mistakes do not count against you.",
    "refused.wrong_form.title": "This code is for another form",
    "refused.wrong_form.remedy": "Open the address that is printed next to the code on your card or letter. "
    "If you find no address there, ask the person who gave you the code.",
    "refused.not_yet_valid.title": "You cannot use this code yet",
    "refused.not_yet_valid.remedy": "Keep it, and try again later.",
    "refused.not_yet_valid.remedy_at": "Keep it, and come back {when}. It does not work before.",
    "refused.expired.title": "This code has expired",
    "refused.expired.remedy": "Ask the person who gave it to you for a new one.",
    "refused.expired.remedy_at": "Ask the person who gave it to you for a new one. This one stopped working {when}.",
    "refused.used_up.title": "This code was already used",
    "refused.used_up.remedy": "If you sent the form, you are done. If not, tell the person who gave you the code.",
    "refused.used_up.remedy_at": "If you sent the form, you are done. If not, tell the person who gave you the code. "
    "It was used {when}.",
    "refused.already_sent.title": "You already sent this form",
    "refused.already_sent.remedy": "You are done. If you need to send it again, ask the person who sent you here.",
    "refused.already_sent.remedy_at": "You are done. You sent it {when}. "
    "If you need to send it again, or if that was not you, ask the person who sent you here.",
    "refused.revoked.title": "This code was cancelled",
    "refused.revoked.remedy": "Ask the person who gave it to you for a new one.",
    "refused.revoked.invitation.title": "This invitation was cancelled",
    "refused.revoked.invitation.remedy": "Ask the person who sent it to you for a new one.",
    "refused.throttled.title": "One moment, please",
    "refused.throttled.remedy": "Please try again in a minute. Many wrong codes came from your network, so we slow "
    "down. Nobody is locked out.",
    "refused.throttled.remedy_in": "Please try again in {wait}. Many wrong codes came from your network, so we slow "
    "down. Nobody is locked out.",
    "refused.throttled.nearby.title": "One moment, please",
    "refused.throttled.nearby.remedy": "Please try again in a minute. Many wrong codes came from networks close to "
    "yours, so we slow down. Nobody is locked out.",
    "refused.throttled.nearby.remedy_in": "Please try again in {wait}. Many wrong codes came from networks close to "
    "yours, so we slow down. Nobody is locked out.",
    "refused.throttled.everywhere.title": "One moment, please",
    "refused.throttled.everywhere.remedy": "Please try again in a minute. Somebody is guessing codes on this site, so "
    "we slow down. It is not your fault, and nobody is locked out.",
    "refused.throttled.everywhere.remedy_in": "Please try again in {wait}. Somebody is guessing codes on this site, "
    "so we slow down. It is not your fault, and nobody is locked out.",
    "refused.code_busy.title": "This code is busy",
    "refused.code_busy.remedy": "Please try again in a minute. This code was entered very often just now.",
    "refused.code_busy.remedy_in": "Please try again in {wait}. This code was entered very often just now.",
    "refused.bad_token.title": "This link does not open the form",
    "refused.bad_token.remedy": "Go back to the app, and open the form from there again. If it still does not work, "
    "give the reference below to the people who made the app.",
    "refused.token_used.title": "This link was already used",
    "refused.token_used.remedy": "Go back to the app, and open the form from there again. A link works only once, and "
    "only where the app opened it. A copy of it opens nothing.",
    "refused.token_expired.title": "This link is too old",
    "refused.token_expired.remedy": "Go back to the app, and open the form from there again. "
    "A link works for one minute.",
    "refused.app_only.title": "This form opens only from the app",
    "refused.app_only.remedy": "Go to the app, and open the form from there. The app opens it for one person, in one "
    "browser. A copied link opens nothing. Did you come from the app just now? Then allow cookies for our site first.",
    "refused.cookies_blocked.title": "This browser keeps no cookies",
    "refused.cookies_blocked.remedy": "Go to the settings of this browser, and allow cookies for our site. Then "
    "open the form again. We let you in, but without a cookie we do not know you on the next page.",
    "refused.cookies_blocked.framed.title": "This browser keeps no cookies inside another page",
    "refused.cookies_blocked.framed.remedy": "Open the form in a window of its own. Or allow cookies for our site "
    "in the settings of this browser. We let you in, but without a cookie we do not know you on the next page.",
    "refused.not_signed_in.title": "Please sign in first",
    "refused.not_signed_in.remedy": "Sign in to our site as you always do. Then open the link of your invitation "
    "again. The invitation is only for you.",
    "refused.not_invited.title": "This invitation is for somebody else",
    "refused.not_invited.remedy": "Sign in to our site as the person who got the invitation, and open its link again. "
    "You are signed in as another person now.",
    "refused.invitation_over.title": "This invitation has expired",
    "refused.invitation_over.remedy": "Ask the person who sent it to you for a new one.",
    "refused.invitation_over.remedy_at": "Ask the person who sent it to you for a new one. "
    "This one stopped working {when}.",
    "refused.open_elsewhere.title": "The form is open somewhere else",
    "refused.open_elsewhere.remedy": "Move it here, or go on where you opened it: in another browser or on another "
    "device. Answers that you typed there, but did not send, do not move along.",
    "refused.moved_away.title": "This form is no longer open here",
    "refused.moved_away.remedy": "Go to the app, and open the form from there to have it here again. It was opened in "
    "another browser or on another device. If that was not you, tell the people behind the app.",
    "refused.not_yet_open.title": "This form is not open yet",
    "refused.not_yet_open.remedy": "Keep your code, and come back later.",
    "refused.not_yet_open.remedy_at": "Keep your code, and come back {when}. The form opens then.",
    "refused.closed.title": "This form is closed",
    "refused.closed.remedy": "If you still need to send your answers, ask the person who sent you here. "
    "The form takes no more answers.",
    "refused.closed.remedy_at": "If you still need to send your answers, ask the person who sent you here. "
    "The form closed {when}.",
    "refused.paused.title": "This form is paused",
    "refused.paused.remedy": "Please come back later. Nobody can open the form just now. Your code will still work "
    "then.",
    "refused.full.title": "This form is full",
    "refused.full.remedy": "If you need a place, ask the person who sent you here. All places are taken.",
    "refused.field_missing.title": "This form needs fixing",
    "refused.field_missing.remedy": "Please tell the person who sent you here, and come back later. Nobody can send "
    "the form now. Your code will still work then.",
    "refused.no_pass.title": "This page needs an access code",
    "refused.no_pass.remedy": "Open the form with your access code first. Then come back to this page.",
    "refused.not_submitted.title": "Please send the form first",
    "refused.not_submitted.remedy": "Fill in the form, and send it. This page opens as soon as we have confirmed it.",
    "refused.cross_site.title": "This came from another website",
    "refused.cross_site.remedy": "Open the form on our own page, and enter your code there. "
    "To keep you safe, we did nothing.",
    "refused.store_down.title": "We cannot check codes right now",
    "refused.store_down.remedy": "Please try again in a few minutes. This is our fault, not yours. "
    "Your code will still work then.",
    "refused.unknown_form.title": "There is no form at this address",
    "refused.unknown_form.remedy": "Check the address on your card or letter, letter by letter. "
    "If it is right, ask the person who gave it to you.",
    "refused.malformed.title": "We could not read that",
    "refused.malformed.remedy": "Reload the page, and try again. Something got lost on the way, and we did nothing.",
}

_REFUSED_FROM_APPS = {
    "app.refused.revoked.title": "You can no longer open this form",
    "app.refused.revoked.remedy": "Ask the people behind the app. Your access was ended.",
    "app.refused.field_missing.remedy": "Please tell the people behind the app, and come back later. "
    "Nobody can send the form now.",
    "app.refused.no_pass.title": "This page opens only from the app",
    "app.refused.no_pass.remedy": "Open the form in the app first. Then come back to this page.",
    "app.refused.cross_site.remedy": "Go back to the app, and open the form from there again. "
    "To keep you safe, we did nothing.",
    "app.refused.store_down.title": "We cannot open the form right now",
    "app.refused.store_down.remedy": "Please try again in a few minutes. This is our fault, not yours.",
    "app.refused.cookies_blocked.remedy": "Go to the settings of this browser or of the app, and allow cookies for "
    "our site. Then open the form from the app again. We let you in, but without a cookie we do not know you on the "
    "next page.",
    "app.refused.cookies_blocked.framed.remedy": "Go to the settings of this browser, and allow cookies for our "
    "site. Then open the form again from where you came. We let you in, but without a cookie we do not know you on "
    "the next page.",
    "app.refused.used_up.title": "You already sent this form",
    "app.refused.used_up.remedy": "You are done. If it was not you, tell the people behind the app.",
    "app.refused.used_up.remedy_at": "You are done. You sent it {when}. "
    "If it was not you, tell the people behind the app.",
    "app.refused.paused.remedy": "Open it from the app again later. Nobody can open the form just now.",
    "app.refused.already_sent.remedy": "You are done. If it was not you, tell the people behind the app.",
    "app.refused.already_sent.remedy_at": "You are done. You sent it {when}. "
    "If it was not you, tell the people behind the app.",
    "app.refused.not_yet_open.remedy": "Open it from the app again later.",
    "app.refused.not_yet_open.remedy_at": "Come back {when}, and open it from the app again.",
}

_STATES = {
    "state.sent.title": "Sent, being confirmed",
    "state.sent.remedy": "You may close this page, and come back to see whether your form counts. "
    "We are checking that it has arrived. Please do not send it twice.",
    "state.missing.title": "We have not received this form",
    "state.missing.remedy": "Open the form again with your code, and send it again. Nothing has reached us from here. "
    "If that happens twice, tell the person who gave you the code.",
    "state.pending.title": "Arrived, being checked",
    "state.pending.remedy": "You may close this page, and come back to see whether your form counts. "
    "It has arrived, and we are checking it. Please do not send it twice.",
    "state.verified.title": "Confirmed",
    "state.verified.remedy": "You are done. Your form has arrived, and it counts.",
    "state.accepted.title": "Accepted",
    "state.accepted.remedy": "You are done. Somebody looked at your form and accepted it, so it counts.",
    "state.unticketed.title": "This form was not sent from here",
    "state.unticketed.remedy": "Open the form on this page with your code, and send it again. "
    "It came without an access code, so it does not count.",
    "state.forged.title": "We do not recognise this form",
    "state.forged.remedy": "Open the form here with your code, and send it again. "
    "This page did not make what came with it, so it does not count.",
    "state.orphaned.title": "Somebody has to look at this form",
    "state.orphaned.remedy": "Tell the person who gave you the code, who can accept it by hand. Your form has arrived, "
    "and nothing is lost, but we no longer know which code opened it.",
    "state.expired.title": "This form came too late",
    "state.expired.remedy": "Tell the person who gave you the code, who can still accept it by hand. "
    "Your time was over when it arrived, so it does not count yet.",
    "state.replayed.title": "This form was already sent",
    "state.replayed.remedy": "If the first one needs correcting, tell the person who gave you the code. "
    "The first one counts, and this second one does not.",
    "state.wrong_form.title": "You sent this with another form's code",
    "state.wrong_form.remedy": "Open this form with its own code, and send it again. It does not count here.",
    "state.over_limit.title": "This form was one too many",
    "state.over_limit.remedy": "Tell the person who gave you the code. Your form has arrived, but it does not count: "
    "all places were taken, or the form had been sent as often as allowed.",
    "state.tampered.title": "A fixed answer was changed",
    "state.tampered.remedy": "Tell the person who gave you the code. One of the answers that we filled in for you is "
    "different now, so the form does not count.",
    "state.revoked.title": "This form was cancelled",
    "state.revoked.remedy": "Tell the person who gave you the code. Somebody cancelled your code, or the form that you "
    "sent with it, so it does not count.",
    "state.withdrawn.title": "This form has been sent",
    "state.withdrawn.remedy": "Does somebody else want to fill it in? Use the button above, and enter their code.",
    "state.again.title": "The second form does not count",
    "state.again.remedy": "If the second one was for somebody else, use the button above, enter their code, and send "
    "it again. The first one is safe. Both were sent with the same code.",
    "state.unknown.title": "This page has lost its connection to your form",
    "state.unknown.remedy": "Load the page again, and enter your code. Then we can tell you whether your form "
    "counts.",
    "app.state.withdrawn.remedy": "Do you want to send another one? Go back to the app, and open the form from "
    "there.",
    "app.state.again.remedy": "Do you want to send another one? Go back to the app, and open the form from there. "
    "The first one is safe.",
    "app.state.unknown.remedy": "Go back to the app, and open the form from there. Then we can tell you whether your "
    "form counts.",
    "app.state.unticketed.remedy": "Go back to the app, open the form from there, and send it again. "
    "This one does not count.",
    "app.state.forged.remedy": "Go back to the app, open the form from there, and send it again. "
    "This one does not count.",
    "app.state.orphaned.remedy": "Tell the people behind the app, who can look into it. Your form has arrived, and "
    "nothing is lost, but we no longer know who sent it.",
    "app.state.expired.remedy": "Tell the people behind the app, who can look into it. "
    "Your time was over when it arrived, so it does not count yet.",
    "app.state.missing.remedy": "Go back to the app, open the form from there, and send it again. Nothing has reached "
    "us from here. If that happens twice, tell the people behind the app.",
    "app.state.replayed.remedy": "Do you want to send another one? Go back to the app, and open the form from there. "
    "The first one counts, and this second one does not. If the first one needs correcting, tell the people behind the "
    "app.",
    "app.state.wrong_form.title": "This was sent for another form",
    "app.state.wrong_form.remedy": "Go back to the app, open the form from there, and send it again. "
    "This one does not count.",
    "app.state.over_limit.remedy": "Tell the people behind the app, who can look into it. Your form does not count: "
    "all places were taken, or you had sent it as often as allowed.",
    "app.state.tampered.remedy": "Tell the people behind the app, who can look into it. "
    "One of the answers that the app filled in is different now, so the form does not count.",
    "app.state.revoked.remedy": "Tell the people behind the app, who can look into it. "
    "Somebody cancelled your form, so it does not count.",
}

_PAGES = {
    "language.name": "English",
    "languages": "Language",
    "access_code": "Access code",
    "code.lead": "Please enter your access code to open this form.",
    "code.lead_invited": "You are invited. Please enter your access code to open this form.",
    "code.lead_invited_or_sign_in": "You are invited. Please enter your access code to open this form, or sign in to "
    "our site and open the invitation again.",
    "code.hint": "Twelve letters and digits, from your card or letter. You may type small letters, and leave out the "
    "hyphens.",
    "code.left": "You have left the form. The next person can enter a code now.",
    "code.moved_away": "Enter the code again to have the form here. It was opened in another browser or on another "
    "device.",
    "code.spoilt_invitation": "Open the whole link from your message, or copy it again: a part of it is missing or "
    "was changed. You can enter an access code instead.",
    "code.offline": "Try again when this device is online. It is offline now. Your code stays here.",
    "code.tries_again": "This page tries again by itself. Your code stays here.",
    "code.works": "Or just wait: your device is doing a sum for this try, so that nobody can try very often. "
    "This page tries again by itself. Your code stays here.",
    "code.seconds_left": "{seconds} s",
    "code.has_one": "I have an access code",
    "code.has_one_too": "Do you have an access code?",
    "code.enter": "Enter the code",
    "code.help": "I have no code, or it does not work",
    "code.help_text": "Ask the person or office that asked you to fill in this form. They can tell you your code, or "
    "give you a new one.",
    "code.help_reference": "Tell them the reference on this page, too: it shows them what happened.",
    "contact": "You can ask here: {contact}",
    "enter.by_itself": "The form opens in a moment. If it does not, press the button.",
    "enter.by_button": "Press the button to open the form.",
    "form": "Form",
    "form.open": "Open the form",
    "form.move": "Move it here",
    "form.elsewhere": "The form opens on its own page, at JotForm.",
    "form.come_back": "Come back here when you have sent it.",
    "form.when_sent": "When you have sent the form, come back here:",
    "form.sent": "I have sent the form",
    "form.opened_for": "Opened for {subject}.",
    "form.leave": "Not you? Leave the form",
    "form.leave_code": "Not you? Use another code",
    "form.minutes_left": "Minutes left to send this form: {minutes}",
    "form.needs_longer": "Do you need longer? Press the button. Your answers stay.",
    "form.time_is_over": "The time for this form is over",
    "form.time_is_over_text": "Press the button before you send the form, or it may not count. Your answers stay.",
    "form.no_more_time": "We cannot give you more time. If the form still has time, send it now. "
    "If not, ask the person who gave you the code.",
    "form.more_time": "Give me more time",
    "form.has_more_time": "You have more time now",
    "form.silent": "Is the space below empty?",
    "form.silent_what": "Then the form could not load. Load this page again. Switch off your ad blocker for this page. "
    "Try another network, such as the one of a phone.",
    "form.silent_else": "If nothing helps, tell the person who gave you the form that it does not load. "
    "You have lost nothing.",
    "invited": "Your invitation",
    "invited.lead": "You are signed in as {subject}, and this invitation is for you.",
    "received.expected": "Answer expected: {when}",
    "received.looks_again": "This page looks again every ten seconds.",
    "received.look_now": "Look again now",
    "reference": "Reference {ref}",
    "back_to_app": "Back to the app",
    "back_to_site": "Back to {site}",
    "done": "Thank you",
    "done.title": "Thank you, we have received it",
    "done.lead": "Where you opened the form, you can see whether it counts.",
    "done.go_on": "Go on",
    "mine": "What you have sent",
    "mine.nothing": "Nothing here yet",
    "mine.nothing_lead": "When you send a form, it appears here as soon as we have confirmed it.",
    "mine.pending": "Being confirmed",
    "mine.pending_first": "Your form is on its way.",
    "mine.pending_more": "One more form is on its way.",
    "mine.look_again": "Look again {when}.",
    "mine.looked": "We last looked for new forms {when}.",
    "mine.looked_for_edits": "We last looked for changes to sent forms {when}.",
    "mine.sent": "Sent {when}",
    "mine.confirmed": "Confirmed, sent {when}",
    "mine.accepted": "Accepted, sent {when}",
}

#: Of a mail each sentence is a line, or of a subject the whole.
_MAILS = {
    "greeting": "Hello {name},",
    "mail.code.subject": 'Your code for "{title}"',
    "mail.code.open": "Open this page. It fills in your code:",
    "mail.code.type": "Or open this page, and type your code there:",
    "mail.code.yours": "The code is only for you. Please do not pass this mail on.",
    "mail.invitation.subject": 'Please fill in "{title}"',
    "mail.invitation.link": "This is your personal link:",
    "mail.reminder.subject": 'Reminder: "{title}"',
    "mail.reminder.open": "Open this page:",
    "mail.reminder.code": "If it asks for a code, use the one that you were given. "
    "If you have lost it, ask for a new one.",
    "mail.reminder.done": "If you sent it in the last minutes, you are done.",
    "mail.asks": '{site} asks you to fill in "{title}".',
    "mail.asked": '{site} asked you to fill in "{title}", and has not received it yet.',
    "mail.closes": "Please send the form in time. It closes {closes}.",
}

_CARDS = {
    "card.scan": "Scan this, or open the address and type the code.",
    "card.list": "Everybody opens {address} and types their code.",
    "card.letter.code": 'This is your access code for "{title}". Scan the picture with the camera of a phone or '
    "tablet, or open the address and type the code.",
    "card.letter.keep": "Keep this letter until you have sent the form.",
    "card.letter.yours": "The code is only for you. Keep this letter until you have sent the form. If you lose it, "
    "tell us. You then get another code, and this one ends.",
    "card.name": "Name",
    "card.group": "Class",
    "card.number": "Number",
    "card.code": "Code",
    "card.advice": "Print at 100 %, without scaling. This file has the codes: keep it to yourself, and delete it once "
    "it is printed.",
}

_MOMENTS = {
    "moment.yesterday": "yesterday at {time}",
    "moment.today": "today at {time}",
    "moment.tomorrow": "tomorrow at {time}",
    "moment.this_year": "on {weekday} {day} {month} at {time}",
    "moment.other_year": "on {weekday} {day} {month} {year} at {time}",
    "moment.in_utc": "{time} UTC",
    "moment.day": "{weekday} {day} {month}",
    "day.first": "1",
    "day.0": "Mon",
    "day.1": "Tue",
    "day.2": "Wed",
    "day.3": "Thu",
    "day.4": "Fri",
    "day.5": "Sat",
    "day.6": "Sun",
    "number": "1,000",
    "wait.seconds": "{count} seconds",
    "wait.minutes": "{count} minutes",
    "weekday.0": "Monday",
    "weekday.1": "Tuesday",
    "weekday.2": "Wednesday",
    "weekday.3": "Thursday",
    "weekday.4": "Friday",
    "weekday.5": "Saturday",
    "weekday.6": "Sunday",
    "month.1": "January",
    "month.2": "February",
    "month.3": "March",
    "month.4": "April",
    "month.5": "May",
    "month.6": "June",
    "month.7": "July",
    "month.8": "August",
    "month.9": "September",
    "month.10": "October",
    "month.11": "November",
    "month.12": "December",
}

#: Key -> what it says in English.
SENTENCES: Mapping[str, str] = _REFUSED | _REFUSED_FROM_APPS | _STATES | _PAGES | _MAILS | _CARDS | _MOMENTS
#: What those that count something say of one; other languages have more forms.
SINGULARS: Mapping[str, str] = {"wait.seconds": "{count} second", "wait.minutes": "{count} minute"}
