-- Sessions that the disk ended were stored as if the encoder had broken the protocol; their parts know better.
UPDATE broadcast_sessions s
SET ending = CASE WHEN r.failure ~ '(ENOSPC|EDQUOT|no space left)' THEN 'disk' ELSE 'write-error' END
FROM recordings r
WHERE r.session_id = s.id AND r.state = 'failed' AND s.ending = 'protocol-error';
