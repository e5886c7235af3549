-- lock: nobody else changes the case until this transaction ends. Parents are locked before their children.
SELECT seq FROM ledger_case WHERE id = %(case)s FOR NO KEY UPDATE
