// The script for a tag is imported for its effect, and must not be left out.
import '@millrace/web/millrace.js'
