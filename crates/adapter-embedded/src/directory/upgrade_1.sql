ALTER TABLE subscriptions ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE subscriptions ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE subscriptions ADD COLUMN countries TEXT NOT NULL DEFAULT '[]';
ALTER TABLE subscriptions ADD COLUMN min_revenue TEXT;
